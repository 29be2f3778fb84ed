using System.Text;
using Ci.BuildKit;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Docker.Credentials;
using Ci.Pipeline.Text;

namespace Ci.Pipeline.Docker.BuildKit;

/// <summary>Builds with the engine's BuildKit (project Ci.BuildKit), in the terms and with the faults of the pipeline.</summary>
public sealed class BuildKitImageBuilder(EngineClient client, RegistryCredentialStore credentials, SecretMask mask) : IImageBuilder
{
    // What a command ends with that was killed: by the machine for its memory, or by an engine that goes down.
    private const int Killed = 137;

    // The argument that has BuildKit write into the image what of it can be taken as cache.
    private const string InlineCache = "BUILDKIT_INLINE_CACHE";

    // How BuildKit calls its look at a base image; the image's name is behind it.
    private const string LoadMetadata = "load metadata for ";

    /// <exception cref="BuildKitUnavailableException">The engine has no BuildKit.</exception>
    public async Task<BuiltImage> BuildAsync(EngineBuild build, Action<BuildEvent> happened, CancellationToken cancellationToken)
    {
        var hidden = new BuildMask(mask, build.Secrets.Values);
        using var builder = new BuildKitBuilder(client.Address, AnswersTo(build, hidden));
        var events = new BuildKitEventTranslator();
        try
        {
            var image = await builder.BuildAsync(
                RequestOf(build) with { Mask = hidden.Hide },
                told =>
                {
                    foreach (var next in events.Translate(told))
                    {
                        happened(next);
                    }
                },
                cancellationToken);
            return new BuiltImage(image) { HasLabels = true };
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

    // Strangers see what everybody may see.
    private SessionAnswers AnswersTo(EngineBuild build, BuildMask hidden) => new()
    {
        Credentials = async (host, cancellationToken) =>
        {
            var login = build.IsUntrusted ? null : await credentials.FindAsync(host, cancellationToken);
            hidden.Add(login?.Secret ?? "");
            return login;
        },
        Secret = (id, _) => ValueTask.FromResult(build.Secrets.TryGetValue(id, out var value) ? value : (ReadOnlyMemory<byte>?)null),
    };

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

    internal static Exception FaultOf(BuildFailedException e)
    {
        var step = e.Step is null ? null : BuildKitEventTranslator.StepOf(e.Step);
        var sentence = step is null ? e.Reason : $"{step.Title}{(e.ExitCode is null ? ":" : "")} {e.Reason}";
        var fault = e switch
        {
            { IsNotStarted: true } => EngineErrors.OfBuild(sentence),
            { Step: { IsInternal: true, Instruction: var what } }
                when what.StartsWith(LoadMetadata, StringComparison.Ordinal) && IsAbsent(e.Reason) =>
                new ImageRefusedException(
                    $"The base image {what[LoadMetadata.Length..]} is not there: its registry answered 'not found'."),
            { ExitCode: Killed } => new ImageRefusedException(sentence, isCertain: false),
            { ExitCode: not null } or { Line: not null } => EngineErrors.Certain(sentence),
            _ => EngineErrors.OfBuild(sentence),
        };
        (fault as ImageRefusedException)?.Failure =
            e.Line is { } line ? new StepFailure(null, e.Problem ?? e.Reason, line)
            : step is not { Number: not null } ? null
            : new StepFailure(step, e.ExitCode is { } code ? $"exit code {code}" : e.Reason);
        return fault;
    }

    // It ends, too, what BuildKit says of an image that is there and not for the platform.
    private static bool IsAbsent(string reason) =>
        reason.EndsWith(": not found", StringComparison.Ordinal) && !reason.Contains("no match for platform", StringComparison.Ordinal);

    /// <summary>What nobody is to read of one build: the host's secrets, and what the build itself is given.</summary>
    private sealed class BuildMask(SecretMask host, IEnumerable<ReadOnlyMemory<byte>> secrets)
    {
        private volatile SecretMask _mask = host.With(secrets.Select(secret => Encoding.UTF8.GetString(secret.Span)));
        private readonly Lock _gate = new();

        public string Hide(string text) => _mask.Hide(text);

        public void Add(string secret)
        {
            lock (_gate)
            {
                _mask = _mask.With([secret]);
            }
        }
    }
}
