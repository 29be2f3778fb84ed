using Docker.DotNet;
using Docker.DotNet.Models;

namespace Ci.Pipeline.Docker.Cleanup;

/// <summary>Finds and removes what builds leave in the engine (Docker's word is objects): containers, images and build cache.</summary>
public sealed class EngineObjects(EngineClient client)
{
    /// <summary>
    /// Removes what a build's steps left of containers, if they have ended before <paramref name="before"/>; returns how many run on.
    /// A build that is broken off now and then leaves one (seen with Engine 20.10).
    /// </summary>
    public Task<int> RemoveContainersAsync(string marker, DateTimeOffset before, CancellationToken cancellationToken) =>
        client.CallAsync(
            async () =>
            {
                var running = 0;
                foreach (var listed in await client.Api.Containers.ListContainersAsync(new ContainersListParameters { All = true }, cancellationToken))
                {
                    running += await RunsAsync(listed.ID, marker, before, cancellationToken) ? 1 : 0;
                }

                return running;
            },
            cancellationToken);

    /// <summary>The markers of all builds of which there are containers.</summary>
    public Task<IReadOnlySet<string>> MarkersAsync(string prefix, CancellationToken cancellationToken) =>
        client.CallAsync<IReadOnlySet<string>>(
            async () =>
            {
                var markers = new HashSet<string>(StringComparer.Ordinal);
                foreach (var listed in await client.Api.Containers.ListContainersAsync(new ContainersListParameters { All = true }, cancellationToken))
                {
                    markers.UnionWith(await MarkersOfAsync(listed.ID, prefix, cancellationToken));
                }

                return markers;
            },
            cancellationToken);

    private async Task<IEnumerable<string>> MarkersOfAsync(string id, string prefix, CancellationToken cancellationToken)
    {
        try
        {
            var hosts = (await client.Api.Containers.InspectContainerAsync(id, cancellationToken)).HostConfig?.ExtraHosts ?? [];
            return hosts.Where(host => host.StartsWith(prefix, StringComparison.Ordinal)).Select(host => host.Split(':')[0]);
        }
        catch (DockerContainerNotFoundException)
        {
            return [];
        }
    }

    /// <summary>Whether it is such a container and runs; if it has ended, it is removed.</summary>
    private async Task<bool> RunsAsync(string id, string marker, DateTimeOffset before, CancellationToken cancellationToken)
    {
        try
        {
            var container = await client.Api.Containers.InspectContainerAsync(id, cancellationToken);
            if (container.HostConfig?.ExtraHosts?.Any(host => host.StartsWith(marker, StringComparison.Ordinal)) != true
                || container.State is not { } state)
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
                await client.Api.Containers.RemoveContainerAsync(id, new ContainerRemoveParameters { RemoveVolumes = true }, cancellationToken);
            }
        }
        catch (DockerApiException e) when (e.StatusCode is System.Net.HttpStatusCode.NotFound or System.Net.HttpStatusCode.Conflict)
        {
            // The engine is removing it itself.
        }

        return false;
    }

    /// <summary>The images.</summary>
    /// <param name="all">Whether those that only others are built on are among them.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task<IList<ImagesListResponse>> ImagesAsync(bool all, CancellationToken cancellationToken) =>
        client.CallAsync(() => client.Api.Images.ListImagesAsync(new ImagesListParameters { All = all }, cancellationToken), cancellationToken);

    /// <summary>The images that have a label.</summary>
    public Task<IList<ImagesListResponse>> ImagesWithAsync(string label, CancellationToken cancellationToken) =>
        client.CallAsync(
            () => client.Api.Images.ListImagesAsync(
                new ImagesListParameters
                {
                    All = true,
                    Filters = new Dictionary<string, IDictionary<string, bool>> { ["label"] = new Dictionary<string, bool> { [label] = true } },
                },
                cancellationToken),
            cancellationToken);

    /// <summary>When a build last named an image, which may come out of the cache; null when none did, or it is gone.</summary>
    public Task<DateTimeOffset?> NamedAtAsync(string id, CancellationToken cancellationToken) => client.CallAsync(
        async () =>
        {
            try
            {
                var named = (await client.Api.Images.InspectImageAsync(id, cancellationToken)).Metadata?.LastTagTime;
                return named is { } at ? new DateTimeOffset(at.ToUniversalTime()) : (DateTimeOffset?)null;
            }
            catch (DockerImageNotFoundException)
            {
                return null;
            }
        },
        cancellationToken);

    /// <summary>Deletes an image that has no name, and those of its parents that have none and carry nothing else; false when something uses it.</summary>
    public async Task<bool> DeleteUnnamedAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await client.Api.Images.DeleteImageAsync(id, new ImageDeleteParameters { NoPrune = false, Force = false }, cancellationToken);
            return true;
        }
        catch (DockerApiException)
        {
            // Used (409), or gone meanwhile: 404, but 500 ("unrecognized image ID") from an engine that was just removing it.
            return false;
        }
    }

    /// <summary>Prunes the builder's cache (<c>POST /build/prune</c>, Docker Engine API).</summary>
    public Task PruneCacheAsync(string query, CancellationToken cancellationToken) =>
        client.CallAsync(
            async () =>
            {
                using var http = client.OpenHttp();
                using var answer = await http.PostAsync("build/prune?" + query, null, cancellationToken);
                return answer.IsSuccessStatusCode;
            },
            cancellationToken);
}
