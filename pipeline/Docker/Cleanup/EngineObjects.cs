using System.Globalization;
using System.Net;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace Ci.Pipeline.Docker.Cleanup;

/// <summary>Finds and removes what builds leave in the engine (Docker's word is objects): containers, images and build cache.</summary>
public sealed class EngineObjects(EngineClient client)
{
    /// <summary>Removes what a build's steps left of containers, if they have ended before <paramref name="before"/>; returns how
    /// many run on. A build that is broken off now and then leaves one (seen with Engine 20.10).</summary>
    public Task<int> RemoveContainersAsync(string marker, DateTimeOffset before, CancellationToken cancellationToken) => client.CallAsync(
        async () =>
        {
            var running = 0;
            foreach (var (id, isRunning, finishedAt, _) in await ContainersAsync(marker, cancellationToken))
            {
                running += isRunning ? 1 : 0;
                // One that never ran has no end, but the beginning of time.
                if (!isRunning
                    && !(DateTimeOffset.TryParse(finishedAt, CultureInfo.InvariantCulture, out var ended) && ended >= before))
                {
                    await RemoveAsync(id, cancellationToken);
                }
            }

            return running;
        },
        cancellationToken);

    /// <summary>The markers of all builds of which there are containers.</summary>
    public Task<HashSet<string>> MarkersAsync(string prefix, CancellationToken cancellationToken) => client.CallAsync(
        async () => (await ContainersAsync(prefix, cancellationToken))
            .SelectMany(container => container.Hosts)
            .Select(host => host.Split(':')[0])
            .ToHashSet(StringComparer.Ordinal),
        cancellationToken);

    /// <param name="all">Whether those that only others are built on are among them.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task<IList<ImagesListResponse>> ImagesAsync(bool all, CancellationToken cancellationToken) =>
        ListAsync(new ImagesListParameters { All = all }, cancellationToken);

    public Task<IList<ImagesListResponse>> ImagesWithAsync(string label, CancellationToken cancellationToken)
    {
        var labels = new Dictionary<string, bool> { [label] = true };
        return ListAsync(
            new ImagesListParameters { All = true, Filters = new Dictionary<string, IDictionary<string, bool>> { ["label"] = labels } },
            cancellationToken);
    }

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

    /// <summary>Deletes an image without a name, and such parents that carry nothing else; false when something uses it.</summary>
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
    public Task PruneCacheAsync(string query, CancellationToken cancellationToken) => client.CallAsync(
        async () =>
        {
            using var http = client.OpenHttp();
            using var answer = await http.PostAsync("build/prune?" + query, null, cancellationToken);
            return answer.IsSuccessStatusCode;
        },
        cancellationToken);

    private Task<IList<ImagesListResponse>> ListAsync(ImagesListParameters parameters, CancellationToken cancellationToken) =>
        client.CallAsync(() => client.Api.Images.ListImagesAsync(parameters, cancellationToken), cancellationToken);

    /// <summary>The containers that know hosts whose names begin so, with these hosts.</summary>
    private async Task<List<(string Id, bool IsRunning, string? FinishedAt, List<string> Hosts)>> ContainersAsync(
        string marker, CancellationToken cancellationToken)
    {
        var found = new List<(string, bool, string?, List<string>)>();
        var parameters = new ContainersListParameters { All = true };
        foreach (var listed in await client.Api.Containers.ListContainersAsync(parameters, cancellationToken))
        {
            try
            {
                var container = await client.Api.Containers.InspectContainerAsync(listed.ID, cancellationToken);
                var all = container.HostConfig?.ExtraHosts ?? [];
                var hosts = all.Where(host => host.StartsWith(marker, StringComparison.Ordinal)).ToList();
                if (hosts.Count > 0 && container.State is { } state)
                {
                    found.Add((listed.ID, state.Running, state.FinishedAt, hosts));
                }
            }
            catch (DockerApiException e) when (e.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Conflict)
            {
                // It is gone, or the engine is removing it itself.
            }
        }

        return found;
    }

    private async Task RemoveAsync(string container, CancellationToken cancellationToken)
    {
        try
        {
            await client.Api.Containers.RemoveContainerAsync(
                container, new ContainerRemoveParameters { RemoveVolumes = true }, cancellationToken);
        }
        catch (DockerApiException e) when (e.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Conflict)
        {
            // The engine is removing it itself.
        }
    }
}
