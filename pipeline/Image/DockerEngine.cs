using System.IO.Pipelines;
using System.Net.Sockets;
using Docker.DotNet;
using Docker.DotNet.Models;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Image;

/// <summary>What to build.</summary>
public sealed record EngineBuild
{
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

    /// <summary>Writes the build context, a tar stream.</summary>
    public required Func<Stream, CancellationToken, Task> WriteContext { get; init; }
}

/// <summary>
/// The Docker engine. It tells apart what a retry can cure (<see cref="ImageUnavailableException"/>) from what it
/// cannot (<see cref="ImageRefusedException"/>), and it reads the stream behind a 200 to its end, because that is where
/// the engine reports a failed build or push.
/// </summary>
public sealed class DockerEngine(IOptions<DockerOptions> options) : IDisposable
{
    private readonly DockerClient _client = new DockerClientBuilder()
        .WithEndpoint(options.Value.Endpoint)
        .WithTimeout(Timeout.InfiniteTimeSpan)
        .Build();

    /// <summary>Builds an image without a name and returns its id; every line of the builder's output goes to <paramref name="output"/>.</summary>
    public async Task<string> BuildAsync(EngineBuild build, Action<string> output, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1 << 20, resumeWriterThreshold: 1 << 19, minimumSegmentSize: 1 << 16));
        var writing = WriteContextAsync(build, pipe.Writer, stop.Token);
        try
        {
            return await CallAsync(
                async () =>
                {
                    await using var context = pipe.Reader.AsStream();
#pragma warning disable CS0618 // Its note is that it does not wait for the build: we do, by reading to the end. The other overload cannot read BuildKit's trace.
                    await using var answer = await _client.Images.BuildImageFromDockerfileAsync(context, Parameters(build), cancellation);
#pragma warning restore CS0618
                    return await ReadBuildAsync(answer, output, cancellation);
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

    /// <summary>Names an image <c>repository:tag</c>.</summary>
    public Task TagAsync(string imageId, string repository, string tag, CancellationToken cancellation) =>
        CallAsync(
            async () =>
            {
                await _client.Images.TagImageAsync(imageId, new ImageTagParameters { RepositoryName = repository, Tag = tag }, cancellation);
                return true;
            },
            cancellation);

    /// <summary>Pushes <c>repository:tag</c>; returns the digest if the engine tells it.</summary>
    public Task<string?> PushAsync(string repository, string tag, Action<string> output, CancellationToken cancellation) =>
        CallAsync(
            async () =>
            {
                var push = new PushProgress(output);
                await _client.Images.PushImageAsync(repository, new ImagePushParameters { Tag = tag }, new AuthConfig(), push, cancellation);
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
            await _client.Images.DeleteImageAsync(reference, new ImageDeleteParameters { NoPrune = true, Force = false }, cancellation);
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

    /// <summary>
    /// Removes what a build's steps left of containers, if they have ended before <paramref name="before"/>; returns how many run on.
    /// A build that is broken off now and then leaves one (seen with Engine 20.10).
    /// </summary>
    public Task<int> RemoveContainersAsync(string marker, DateTimeOffset before, CancellationToken cancellation) =>
        CallAsync(
            async () =>
            {
                var running = 0;
                foreach (var listed in await _client.Containers.ListContainersAsync(new ContainersListParameters { All = true }, cancellation))
                {
                    running += await RunsAsync(listed.ID, marker, before, cancellation) ? 1 : 0;
                }

                return running;
            },
            cancellation);

    /// <summary>Whether it is such a container and runs; if it has ended, it is removed.</summary>
    private async Task<bool> RunsAsync(string id, string marker, DateTimeOffset before, CancellationToken cancellation)
    {
        try
        {
            var container = await _client.Containers.InspectContainerAsync(id, cancellation);
            if (container.HostConfig?.ExtraHosts?.Any(host => host.StartsWith(marker, StringComparison.Ordinal)) != true || container.State is not { } state)
            {
                return false;
            }

            if (state.Running)
            {
                return true;
            }

            // One that never ran has no end, but the beginning of time.
            if (!DateTimeOffset.TryParse(state.FinishedAt, System.Globalization.CultureInfo.InvariantCulture, out var ended) || ended < before)
            {
                await _client.Containers.RemoveContainerAsync(id, new ContainerRemoveParameters { RemoveVolumes = true }, cancellation);
            }
        }
        catch (DockerApiException e) when (e.StatusCode is System.Net.HttpStatusCode.NotFound or System.Net.HttpStatusCode.Conflict)
        {
            // The engine is removing it itself.
        }

        return false;
    }

    /// <summary>All images, also those that only others are built on.</summary>
    public Task<IList<ImagesListResponse>> AllImagesAsync(CancellationToken cancellation) =>
        CallAsync(() => _client.Images.ListImagesAsync(new ImagesListParameters { All = true }, cancellation), cancellation);

    /// <summary>The images that have a label.</summary>
    public Task<IList<ImagesListResponse>> ImagesWithAsync(string label, bool all, CancellationToken cancellation) =>
        CallAsync(
            () => _client.Images.ListImagesAsync(
                new ImagesListParameters
                {
                    All = all,
                    Filters = new Dictionary<string, IDictionary<string, bool>> { ["label"] = new Dictionary<string, bool> { [label] = true } },
                },
                cancellation),
            cancellation);

    /// <summary>Deletes an image that has no name, and those of its parents that have none and carry nothing else; false when something uses it.</summary>
    public async Task<bool> DeleteUnnamedAsync(string id, CancellationToken cancellation)
    {
        try
        {
            await _client.Images.DeleteImageAsync(id, new ImageDeleteParameters { NoPrune = false, Force = false }, cancellation);
            return true;
        }
        catch (DockerApiException e) when (e.StatusCode is System.Net.HttpStatusCode.Conflict or System.Net.HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    /// <summary>Prunes the builder's cache (<c>POST /build/prune</c>, Docker Engine API).</summary>
    public Task PruneCacheAsync(string query, CancellationToken cancellation) =>
        CallAsync(
            async () =>
            {
                using var http = EngineSocket.Client(options.Value.Endpoint);
                using var answer = await http.PostAsync("build/prune?" + query, null, cancellation);
                return answer.IsSuccessStatusCode;
            },
            cancellation);

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

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
        Dockerfile = build.Dockerfile,
        Target = build.Target,
        Platform = build.Platform,
        BuildArgs = build.Args.ToDictionary(StringComparer.Ordinal),
        Labels = build.Labels,
        ExtraHosts = [$"{build.Marker}:127.0.0.1"],
        Remove = true,
        ForceRemove = true,
    };

    private static async Task<string> ReadBuildAsync(Stream answer, Action<string> output, CancellationToken cancellation)
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

    private async Task<T> CallAsync<T>(Func<Task<T>> call, CancellationToken cancellation)
    {
        try
        {
            return await call();
        }
        catch (DockerApiException e)
        {
            throw EngineErrors.OfAnswer(e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException or TimeoutException
            || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new ImageUnavailableException(
                $"The Docker engine at {options.Value.Endpoint} does not answer. Is it running? (docker info tells.)", e);
        }
    }
}
