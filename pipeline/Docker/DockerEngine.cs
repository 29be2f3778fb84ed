using System.IO.Pipelines;
using System.Text.RegularExpressions;
using Ci.BuildKit;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Docker.Credentials;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace Ci.Pipeline.Docker;

/// <summary>
/// Builds and pushes with the Docker engine. It reads the stream behind a 200 to its end, because that is where the engine
/// reports a failed build or push.
/// </summary>
public sealed partial class DockerEngine(EngineClient client, RegistryLogins logins)
{
    // Microseconds; the kernel's own default.
    private const long CpuPeriod = 100_000;

    /// <summary>
    /// Builds an image under its name with the classic builder, without its labels; every line of the builder's output goes to
    /// <paramref name="output"/>.
    /// </summary>
    public async Task<BuiltImage> BuildAsync(EngineBuild build, Action<string> output, CancellationToken cancellationToken)
    {
        // Strangers' commits get no base that the registry would not give to anybody.
        IReadOnlyDictionary<string, RegistryCredentials> known = build.IsUntrusted ? new Dictionary<string, RegistryCredentials>() : await logins.AllAsync(cancellationToken);
        using var api = client.OpenWith(RegistryAuthHeader.AllHeader, RegistryAuthHeader.All(known));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1 << 20, resumeWriterThreshold: 1 << 19, minimumSegmentSize: 1 << 16));
        var writing = WriteContextAsync(build, pipe.Writer, stop.Token);
        try
        {
            return await client.CallAsync(
                async () =>
                {
                    await using var context = pipe.Reader.AsStream();
#pragma warning disable CS0618 // Its note is that it does not wait for the build: we do, by reading to the end.
                    await using var answer = await api.Images.BuildImageFromDockerfileAsync(context, Parameters(build), cancellationToken);
#pragma warning restore CS0618
                    var image = await ReadBuildAsync(answer, build.Made, output, cancellationToken);
                    await NameAsync(image, build.Name, cancellationToken);
                    return new BuiltImage(image) { HasLabels = false };
                },
                cancellationToken);
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

    /// <summary>What the engine says of an image.</summary>
    public Task<EngineImage> InspectAsync(string image, CancellationToken cancellationToken) => client.CallAsync(
        async () =>
        {
            var found = await client.Api.Images.InspectImageAsync(image, cancellationToken);
            return new EngineImage(found.ID, found.Size, found.Created is { } created ? new DateTimeOffset(created.ToUniversalTime()) : (DateTimeOffset?)null);
        },
        cancellationToken);

    /// <summary>Pushes <c>repository:tag</c>, logged in if there is a login; returns the digest if the engine tells it.</summary>
    public Task<string?> PushAsync(string repository, string tag, (string Username, string Password)? login, Action<string> output, CancellationToken cancellationToken) =>
        client.CallAsync(
            async () =>
            {
                var push = new PushProgress(output);
                await client.Api.Images.PushImageAsync(repository, new ImagePushParameters { Tag = tag }, AuthOf(login), push, cancellationToken);
                return push.Finish(repository, tag);
            },
            cancellationToken);

    /// <summary>
    /// Takes a name off an image, and the image itself if that was its last name and no other was made upon it; its layers
    /// stay as the next build's cache. A name that is gone already is no error.
    /// </summary>
    public async Task RemoveAsync(string reference, CancellationToken cancellationToken)
    {
        try
        {
            await client.Api.Images.DeleteImageAsync(reference, new ImageDeleteParameters { NoPrune = true, Force = false }, cancellationToken);
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

    private static async Task WriteContextAsync(EngineBuild build, PipeWriter writer, CancellationToken cancellationToken)
    {
        Exception? failure = null;
        try
        {
            await using var output = writer.AsStream(leaveOpen: true);
            await build.WriteContext(output, cancellationToken);
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

    /// <summary>
    /// The one label that is left to the classic builder, which makes a step of each, with a container and a commit: what it
    /// leaves in the engine is known by it. It is always the same, so that it comes out of the cache.
    /// </summary>
    private static Dictionary<string, string> Mark => new() { [ImageTags.OwnLabel] = "" };

    private static ImageBuildParameters Parameters(EngineBuild build) => new()
    {
        Dockerfile = build.Dockerfile,
        Target = build.Target,
        Platform = build.Platform,
        BuildArgs = build.Args.ToDictionary(StringComparer.Ordinal),
        Labels = Mark,
        ExtraHosts = [$"{build.Marker}:127.0.0.1"],
        Remove = true,
        ForceRemove = true,
        NoCache = build.IsUntrusted,
        Pull = build.IsUntrusted ? "1" : null,
        NetworkMode = build.Limits.Network.Length > 0 ? build.Limits.Network : null,
        Memory = build.Limits.Memory > 0 ? build.Limits.Memory : null,
        MemorySwap = build.Limits.Memory > 0 ? build.Limits.Memory : null,
        CPUPeriod = build.Limits.Cpus > 0 ? CpuPeriod : null,
        CPUQuota = build.Limits.Cpus > 0 ? (long)(build.Limits.Cpus * CpuPeriod) : null,
    };

    private Task NameAsync(string image, string reference, CancellationToken cancellationToken)
    {
        var colon = reference.LastIndexOf(':');
        return client.Api.Images.TagImageAsync(image, new ImageTagParameters { RepositoryName = reference[..colon], Tag = reference[(colon + 1)..] }, cancellationToken);
    }

    /// <summary>
    /// Reads to the end and returns the image that the Dockerfile's last step made. The step behind it is our label's, and its
    /// image is not named: an image goes with its last name, unless another was made upon it, and the next build would have
    /// to make the Dockerfile's last step again.
    /// </summary>
    private static async Task<string> ReadBuildAsync(Stream answer, Action<string> made, Action<string> output, CancellationToken cancellationToken)
    {
        string? id = null;
        var steps = new List<string>();
        await foreach (var line in EngineStream.ReadAsync(answer, cancellationToken))
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
                    steps.Add(image.Groups[1].Value);
                }

                output(text);
            }
            else
            {
                // How far a layer of the base has come is not logged, but it is a sign of life.
                output(line is { Status: { } status, Id: null } ? status + "\n" : "");
            }
        }

        return id is null
            ? throw new ImageUnavailableException("The engine's answer ended before the image was built.")
            : steps is [.., var last, _] ? last : id;
    }

    // What the classic builder prints behind a step.
    [GeneratedRegex(@"^ ---> ([0-9a-f]{12})$", RegexOptions.Multiline)]
    private static partial Regex StepsImage();
}
