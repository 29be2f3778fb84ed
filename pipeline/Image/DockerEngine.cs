using System.IO.Pipelines;
using System.Text.RegularExpressions;
using Ci.BuildKit;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace Ci.Pipeline.Image;

/// <summary>What to build.</summary>
public sealed record EngineBuild
{
    /// <summary>The name, <c>repository:tag</c>, that the image gets.</summary>
    public required string Name { get; init; }

    /// <summary>The Dockerfile's path within the context.</summary>
    public required string Dockerfile { get; init; }

    /// <summary>The stage to build, or null for the last.</summary>
    public string? Target { get; init; }

    /// <summary>The platform, or null for the engine's own.</summary>
    public string? Platform { get; init; }

    /// <summary>
    /// A host name that the steps' containers know as 127.0.0.1, and nobody else's have: the classic builder gives them no
    /// label of ours, and by this they are found when the engine has left them behind.
    /// </summary>
    public required string Marker { get; init; }

    /// <summary>Build arguments.</summary>
    public required IReadOnlyDictionary<string, string> Args { get; init; }

    /// <summary>The image's labels.</summary>
    public required IDictionary<string, string> Labels { get; init; }

    /// <summary>
    /// Whether the commit is a stranger's: it sees no cache, no base that the registry would not give to anybody, and what
    /// its steps make is no cache of anybody's either.
    /// </summary>
    public bool IsStrangers { get; init; }

    /// <summary>Whether BuildKit may build it all the same; its cache mounts (<c>RUN --mount=type=cache</c>) are everybody's.</summary>
    public bool StrangersMayUseBuildKit { get; init; }

    /// <summary>The secrets that its steps may mount, by id. Only BuildKit knows them.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Secrets { get; init; } = new Dictionary<string, ReadOnlyMemory<byte>>();

    /// <summary>When the commit was made; with BuildKit, from Engine 24 on, the image bears this time and not the build's.</summary>
    public DateTimeOffset? CommittedAt { get; init; }

    /// <summary>Images in the registry that BuildKit may take as cache; empty to keep and import none.</summary>
    public IReadOnlyList<string> CacheFrom { get; init; } = [];

    /// <summary>What its steps may use.</summary>
    public StepLimits Limits { get; init; } = new();

    /// <summary>Is told of every image that a step made.</summary>
    public Action<string> Made { get; init; } = _ => { };

    /// <summary>Writes the build context, a tar stream.</summary>
    public required Func<Stream, CancellationToken, Task> WriteContext { get; init; }

    /// <summary>The context file by file, for a builder that asks for what it needs; null where it has too many to list.</summary>
    public ContextSource? Files { get; init; }
}

/// <summary>What a build's steps may use of the machine.</summary>
public sealed record StepLimits
{
    /// <summary>Memory in bytes, swap included; 0 for all.</summary>
    public long Memory { get; init; }

    /// <summary>Processors; 0 for all.</summary>
    public double Cpus { get; init; }

    /// <summary>The network; empty for the engine's own choice.</summary>
    public string Network { get; init; } = "";
}

/// <summary>
/// Builds and pushes with the Docker engine. It reads the stream behind a 200 to its end, because that is where the engine
/// reports a failed build or push.
/// </summary>
public sealed partial class DockerEngine(EngineClient client, RegistryLogins logins)
{
    // Microseconds; the kernel's own default.
    private const long CpuPeriod = 100_000;

    /// <summary>Builds an image under its name with the classic builder and returns its id; every line of the builder's output goes to <paramref name="output"/>.</summary>
    public async Task<string> BuildAsync(EngineBuild build, Action<string> output, CancellationToken cancellation)
    {
        // Strangers' commits get no base that the registry would not give to anybody.
        IReadOnlyDictionary<string, RegistryCredentials> known = build.IsStrangers ? new Dictionary<string, RegistryCredentials>() : await logins.AllAsync(cancellation);
        using var api = client.OpenWith(EngineLogins.AllHeader, EngineLogins.All(known));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1 << 20, resumeWriterThreshold: 1 << 19, minimumSegmentSize: 1 << 16));
        var writing = WriteContextAsync(build, pipe.Writer, stop.Token);
        try
        {
            return await client.CallAsync(
                async () =>
                {
                    await using var context = pipe.Reader.AsStream();
#pragma warning disable CS0618 // Its note is that it does not wait for the build: we do, by reading to the end.
                    await using var answer = await api.Images.BuildImageFromDockerfileAsync(context, Parameters(build), cancellation);
#pragma warning restore CS0618
                    return await ReadBuildAsync(answer, build.Made, output, cancellation);
                },
                cancellation);
        }
        catch (Exception) when (writing.IsFaulted)
        {
            // The context could not be written: that, and not the request it broke, is the reason.
            await writing;
            throw;
        }
        finally
        {
            await stop.CancelAsync();
            await pipe.Reader.CompleteAsync();
            await writing.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    /// <summary>An image's size, unpacked, in bytes, and the time that it says it was made at.</summary>
    public Task<(long Size, DateTimeOffset? Created)> InspectAsync(string imageId, CancellationToken cancellation) => client.CallAsync(
        async () =>
        {
            var image = await client.Api.Images.InspectImageAsync(imageId, cancellation);
            return (image.Size, image.Created is { } created ? new DateTimeOffset(created.ToUniversalTime()) : (DateTimeOffset?)null);
        },
        cancellation);

    /// <summary>Pushes <c>repository:tag</c>, logged in if there is a login; returns the digest if the engine tells it.</summary>
    public Task<string?> PushAsync(string repository, string tag, (string Username, string Password)? login, Action<string> output, CancellationToken cancellation) =>
        client.CallAsync(
            async () =>
            {
                var push = new PushProgress(output);
                await client.Api.Images.PushImageAsync(repository, new ImagePushParameters { Tag = tag }, AuthOf(login), push, cancellation);
                return push.Finish(repository, tag);
            },
            cancellation);

    /// <summary>
    /// Takes a name off an image, and the image itself if that was its last name; its layers stay as the next build's
    /// cache. A name that is gone already is no error.
    /// </summary>
    public async Task RemoveAsync(string reference, CancellationToken cancellation)
    {
        try
        {
            await client.Api.Images.DeleteImageAsync(reference, new ImageDeleteParameters { NoPrune = true, Force = false }, cancellation);
        }
        catch (DockerImageNotFoundException)
        {
            // Somebody was faster; the name is gone, which is what was wanted.
        }
        catch (DockerApiException e) when (e.StatusCode == System.Net.HttpStatusCode.Conflict)
        {
            // A container uses the image; it goes when whoever started that container removes it.
        }
    }

    private static AuthConfig AuthOf((string Username, string Password)? login) =>
        login is var (username, password) ? new AuthConfig { Username = username, Password = password } : new AuthConfig();

    private static async Task WriteContextAsync(EngineBuild build, PipeWriter writer, CancellationToken cancellation)
    {
        Exception? failure = null;
        try
        {
            await using var output = writer.AsStream(leaveOpen: true);
            await build.WriteContext(output, cancellation);
        }
        catch (Exception e)
        {
            failure = e;
            throw;
        }
        finally
        {
            // The request's stream ends with the failure, so that the engine sees a broken and not a short context.
            await writer.CompleteAsync(failure);
        }
    }

    private static ImageBuildParameters Parameters(EngineBuild build) => new()
    {
        Tags = [build.Name],
        Dockerfile = build.Dockerfile,
        Target = build.Target,
        Platform = build.Platform,
        BuildArgs = build.Args.ToDictionary(StringComparer.Ordinal),
        Labels = build.Labels,
        ExtraHosts = [$"{build.Marker}:127.0.0.1"],
        Remove = true,
        ForceRemove = true,
        NoCache = build.IsStrangers,
        Pull = build.IsStrangers ? "1" : null,
        NetworkMode = build.Limits.Network.Length > 0 ? build.Limits.Network : null,
        Memory = build.Limits.Memory > 0 ? build.Limits.Memory : null,
        MemorySwap = build.Limits.Memory > 0 ? build.Limits.Memory : null,
        CPUPeriod = build.Limits.Cpus > 0 ? CpuPeriod : null,
        CPUQuota = build.Limits.Cpus > 0 ? (long)(build.Limits.Cpus * CpuPeriod) : null,
    };

    private static async Task<string> ReadBuildAsync(Stream answer, Action<string> made, Action<string> output, CancellationToken cancellation)
    {
        string? id = null;
        await foreach (var line in EngineStream.ReadAsync(answer, cancellation))
        {
            if (line.Error is { } error)
            {
                throw EngineErrors.OfBuild(error);
            }

            id = line.ImageId ?? id;
            if (line.Stream is { } text)
            {
                if (StepsImage().Match(text) is { Success: true } image)
                {
                    made(image.Groups[1].Value);
                }

                output(text);
            }
            else
            {
                // How far a layer of the base has come is not logged, but it is a sign of life.
                output(line is { Status: { } status, Id: null } ? status + "\n" : "");
            }
        }

        return id ?? throw new ImageUnavailableException("The engine's answer ended before the image was built.");
    }

    // What the classic builder prints behind a step.
    [GeneratedRegex(@"^ ---> ([0-9a-f]{12})$", RegexOptions.Multiline)]
    private static partial Regex StepsImage();
}
