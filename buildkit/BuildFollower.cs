using System.Globalization;
using System.Text.RegularExpressions;

namespace Ci.BuildKit;

/// <summary>Follows one build's answer, hands on what happens, and knows in the end what came of it.</summary>
internal sealed partial class BuildFollower(Func<string, string> mask, Action<BuildKitEvent> happened)
{
    // BuildKit's words for a build that it knows no session of: of Engine 20.10's for the files, and of all for the rest.
    private static readonly string[] NoSession = ["could not access local files without session", "no active sessions"];

    private readonly BuildKitTrace _trace = new(mask);
    private readonly List<StepFinished> _failures = [];
    private StepPrinted? _startFailure;
    private string? _image;
    private string? _error;

    public void Read(string line)
    {
        foreach (var next in line.Length > 0 ? _trace.Read(line) : [])
        {
            _image = (next as ImageBuilt)?.Id ?? _image;
            _error = next is BuildError error ? Preamble().Replace(error.Error, "") : _error;
            if (next is StepFinished { Result: StepResult.Failed } failure)
            {
                _failures.Add(failure);
            }

            if (next is StepPrinted { IsError: true } printed && StartFailure().IsMatch(printed.Line))
            {
                _startFailure = printed;
            }

            happened(next);
        }
    }

    public string Finish() => _error is null
        ? _image ?? throw new EngineUnavailableException("The engine's answer ended before the image was built.")
        : throw FailureOf(_error);

    private Exception FailureOf(string error)
    {
        // Several steps may have failed side by side; the build's error is that of one of them.
        var step = _failures.FirstOrDefault(failure => error.Contains(failure.Error!, StringComparison.Ordinal))?.Step;
        var code = step is { IsInternal: false } ? NumberIn(ExitCode().Match(error)) : null;
        // The runtime says so in the step's output, and ends like a command that failed.
        if (code is not null && _startFailure is { } words && words.Step.Digest == step!.Digest)
        {
            return new BuildFailedException($"its container could not be started: {words.Line}", step) { IsNotStarted = true };
        }

        if (code is null && NoSession.Any(words => error.Contains(words, StringComparison.Ordinal)))
        {
            return new BuildKitUnavailableException($"The engine's BuildKit builds without the session: {error}");
        }

        if (code is null && error.Contains("no active session for", StringComparison.Ordinal))
        {
            return new EngineUnavailableException($"The engine lost the session: {error}");
        }

        // The code in the words that newer BuildKits have for it, because the older ones' repeat the command.
        var reason = code is null ? error : $"did not complete successfully: exit code: {code}";
        var parsing = ParseError().Match(error);
        return NumberIn(parsing) is { } line
            ? new BuildFailedException(error, step) { ExitCode = code, Line = line, Problem = parsing.Groups["problem"].Value }
            : new BuildFailedException(reason, step) { ExitCode = code };
    }

    private static int? NumberIn(Match match) =>
        int.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    // What BuildKit's layers put before the reason on its way up.
    [GeneratedRegex(@"\A(?:failed to solve(?: with frontend [^:\s]+)?: |failed to (?:create LLB definition|build LLB|solve LLB): "
        + @"|rpc error: code = \w+ desc = )+")]
    private static partial Regex Preamble();

    // runc's words, and those of runc before 1.1 and of crun.
    [GeneratedRegex(@"\A(?:runc run failed: |container_linux\.go:\d+: |crun: )")]
    private static partial Regex StartFailure();

    [GeneratedRegex(@"exit code: (\d+)\s*\z")]
    private static partial Regex ExitCode();

    [GeneratedRegex(@"(?:parse error (?:on )?|\A)line (\d+): *(?<problem>.*)", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex ParseError();
}
