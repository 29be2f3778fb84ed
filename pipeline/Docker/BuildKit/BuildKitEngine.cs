using Ci.BuildKit;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Docker.Credentials;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Docker.BuildKit;

/// <summary>Builds with the engine's BuildKit (project Ci.BuildKit), in the terms and with the faults of the pipeline.</summary>
public sealed class BuildKitEngine(IOptions<DockerOptions> options, RegistryLogins logins)
{
    // What a command ends with that was killed: by the machine for its memory, or by an engine that goes down.
    private const int Killed = 137;

    // The argument that has BuildKit write into the image what of it can be taken as cache.
    private const string InlineCache = "BUILDKIT_INLINE_CACHE";

    /// <summary>Builds an image under its name and returns its id; every line of the log goes to <paramref name="output"/>.</summary>
    /// <exception cref="BuildKitUnavailableException">The engine has no BuildKit.</exception>
    public async Task<string> BuildAsync(EngineBuild build, Action<string> output, CancellationToken cancellationToken)
    {
        using var builder = new BuildKitBuilder(Address(options.Value), AnswersTo(build));
        try
        {
            return await builder.BuildAsync(RequestOf(build), output, happened => Hear(happened, output), cancellationToken);
        }
        catch (BuildFailedException e)
        {
            throw FaultOf(e);
        }
        catch (EngineUnavailableException e)
        {
            throw new ImageUnavailableException(e.Message, e);
        }
    }

    /// <summary>What the engine says of itself.</summary>
    /// <exception cref="EngineUnavailableException">It does not answer.</exception>
    public Task<EngineProbe> ProbeAsync(CancellationToken cancellationToken) => EngineProbe.AskAsync(Address(options.Value), cancellationToken);

    // Strangers see what everybody may see.
    private SessionAnswers AnswersTo(EngineBuild build) => new()
    {
        Credentials = (host, cancellationToken) => build.IsUntrusted ? default : new(logins.FindAsync(host, cancellationToken)),
        Secret = (id, _) => ValueTask.FromResult(build.Secrets.TryGetValue(id, out var value) ? value : (ReadOnlyMemory<byte>?)null),
    };

    private static EngineAddress Address(DockerOptions options)
    {
        // Docker.DotNet's https is the command line's tcp with TLS.
        var uri = options.Endpoint is { Scheme: "https" } https ? new UriBuilder(https) { Scheme = "tcp" }.Uri : options.Endpoint;
        return new EngineAddress(uri)
        {
            Tls = options.CertFolder is { } folder && uri.Scheme is not ("unix" or "npipe") ? Ci.BuildKit.EngineTls.FromFolder(folder) : null,
        };
    }

    private static BuildKitBuild RequestOf(EngineBuild build) => new()
    {
        Files = build.Files,
        WriteContext = build.WriteContext,
        Dockerfile = build.Dockerfile,
        Target = build.Target,
        Platform = build.Platform,
        Args = build.CacheFrom.Count == 0 ? build.Args : new Dictionary<string, string>(build.Args) { [InlineCache] = "1" },
        CacheFrom = build.CacheFrom,
        SourceDate = build.CommittedAt,
        Labels = build.Labels,
        Tags = [build.Name],
        Secrets = build.Secrets.Keys.ToHashSet(),
        // It has no name for the usual one.
        NetworkMode = build.Limits.Network is "" or "bridge" ? null : build.Limits.Network,
        NoCache = build.IsUntrusted,
        Pull = build.IsUntrusted,
    };

    // How far a layer of the base has come is not logged, but it is a sign of life.
    private static void Hear(BuildEvent happened, Action<string> output)
    {
        if (happened is StepTransferred)
        {
            output("");
        }
    }

    private static Exception FaultOf(BuildFailedException e) => e switch
    {
        { IsNotStarted: true } => EngineErrors.OfBuild(e.Message),
        { ExitCode: Killed } => new ImageRefusedException(e.Message, isCertain: false),
        { ExitCode: not null } or { Line: not null } => EngineErrors.Certain(e.Message),
        _ => EngineErrors.OfBuild(e.Message),
    };
}
