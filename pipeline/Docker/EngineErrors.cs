using System.Text.RegularExpressions;
using Ci.BuildKit;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Source;
using Docker.DotNet;

namespace Ci.Pipeline.Docker;

/// <summary>Sorts the engine's errors into what a retry can cure and what it cannot.</summary>
internal static partial class EngineErrors
{
    private const int MaxSentence = 2_000;

    // The words of Go's net package and of the engine's registry client for a peer that is away or in trouble.
    private static readonly string[] Passing =
    [
        "connection refused", "connection reset", "i/o timeout", "no such host", "temporary failure in name resolution",
        "tls handshake timeout", "timeout exceeded", "context deadline exceeded", "server misbehaving", "broken pipe",
        "network is unreachable", "no route to host", "toomanyrequests", "too many requests", "unexpected eof",
        "received unexpected http status: 5", "500 internal server error", "502 bad gateway", "503 service unavailable",
        "504 gateway", "bad gateway", "service unavailable", "code = unavailable", "context canceled", "shutting down",
        "transport is closing", "ttrpc", "does not exist locally", "error running hook",
    ];

    // The builder's words for what is wrong with a Dockerfile, a context or a base image, and the registries' for what they refuse.
    private static readonly string[] Refusing =
    [
        "returned a non-zero code", "did not complete successfully", "dockerfile", "copy failed", "add failed", "unknown instruction",
        "requires at least", "requires exactly", "unknown flag", "no build stage", "target stage", "build target",
        "invalid reference format", "executable file not found",
        "could not be started: runc run failed: unable to start container process: exec: \"", "failed to parse",
        "forbidden path", "no source files", "pull access denied", "repository does not exist", "manifest unknown",
        "manifest for", "no matching manifest", "platform", "unauthorized", "authentication required", "no basic auth credentials",
        "denied", "unsupported", "http 405", "invalid argument \"",
    ];

    /// <summary>An error line in a build's stream. What a <c>RUN</c> step printed is never taken for the engine's own trouble.</summary>
    public static Exception OfBuild(string error) =>
        !error.Contains("returned a non-zero code", StringComparison.Ordinal)
        && !error.Contains("did not complete successfully", StringComparison.Ordinal)
            ? OfEngine(error, OfCertificate(error) ?? Refused(error, Sentence(error)))
            : new ImageRefusedException(Sentence(error));

    /// <summary>The builder's words where there is no doubt that the commit is wrong.</summary>
    public static Exception Certain(string error) => IsDiskFull(error) ? DiskFull(error) : new ImageRefusedException(Sentence(error));

    private static Exception OfEngine(string error, Exception otherwise) =>
        IsDiskFull(error) ? DiskFull(error)
        : IsPassing(error) ? new ImageUnavailableException($"The engine could not go on: {Sentence(error)}")
        : otherwise;

    /// <summary>An error line in a push's stream.</summary>
    public static Exception OfPush(string error, string repository) => IsPassing(error)
        ? new ImageUnavailableException($"The registry did not take {repository}: {Sentence(error)}")
        : OfCertificate(error) ?? Refused(
            error,
            $"The registry refused {repository}: {Sentence(error)} "
            + "Check that Registry__Address is right and that the engine may push there.");

    /// <summary>An HTTP error: 4xx is about what was asked, 5xx about the engine, but for a Dockerfile that cannot be read.</summary>
    public static Exception OfAnswer(DockerApiException e)
    {
        var message = EngineAnswer.Message(e.ResponseBody ?? "") is { Length: > 0 } said ? said : e.Message;
        var refused = (int)e.StatusCode is >= 400 and < 500 and not 429
            || message.Contains("Dockerfile", StringComparison.OrdinalIgnoreCase);
        return IsDiskFull(message) ? DiskFull(message) : refused && !IsPassing(message)
            ? OfCertificate(message) ?? Refused(message, Sentence(message))
            : new ImageUnavailableException($"The engine answered {(int)e.StatusCode}: {Sentence(message)}", e);
    }

    private static ImageRefusedException? OfCertificate(string error) => NotTrusted().Match(error) is { Success: true } not
        ? new($"The engine does not take the certificate of {not.Groups["host"].Value}: {Sentence(error)} "
            + "If an authority of your own signed it, put that into "
            + $"/etc/docker/certs.d/{not.Groups["host"].Value}/ca.crt on the engine's machine.")
        : null;

    private static ImageRefusedException Refused(string error, string sentence) =>
        new(sentence, Refusing.Any(words => error.Contains(words, StringComparison.OrdinalIgnoreCase)));

    private static bool IsDiskFull(string error) => error.Contains("no space left on device", StringComparison.OrdinalIgnoreCase);

    private static DiskFullException DiskFull(string error) =>
        new("The Docker engine's disk is full: make room "
            + "(docker system df shows what takes it, docker system prune removes what is not used), then rebuild. "
            + $"The engine says: {Sentence(error)}");

    private static bool IsPassing(string error) =>
        Passing.Any(words => error.Contains(words, StringComparison.OrdinalIgnoreCase))
        // Go's HTTP client of a connection that was closed before an answer came.
        || error.TrimEnd().EndsWith(": EOF", StringComparison.Ordinal);

    // The words of Go's net/http, with a registry's address: what ADD fetches is elsewhere, and asks the machine's authorities only.
    [GeneratedRegex(@"https://(?<host>[^/\s""]+)/v2/.*\bx509: ", RegexOptions.Singleline)]
    private static partial Regex NotTrusted();

    /// <summary>A step that fails is quoted whole by the engine, however long it is; a build's row has no room for that.</summary>
    private static string Sentence(string text)
    {
        var trimmed = text.Trim();
        if (trimmed.Length > MaxSentence)
        {
            trimmed = $"{trimmed[..(MaxSentence / 2)]} … {trimmed[^(MaxSentence / 2)..]}";
        }

        return trimmed.Length == 0 || ".!?".Contains(trimmed[^1], StringComparison.Ordinal) ? trimmed : trimmed + ".";
    }
}
