using System.Globalization;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Registry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Docker.Cleanup;

/// <summary>Keeps room on the engine's disk: removes what builds left of images, when it is older or more than the settings
/// allow. An image is ours when it has our label and no name; what somebody pulled or named is theirs.</summary>
public sealed class EngineCleanup : IDisposable
{
    private const string MarkerPrefix = "ci-build-";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    // A worker that is to end has five seconds, in which the build must be handed over; the hourly look removes what stays.
    private static readonly TimeSpan LimitAtStop = TimeSpan.FromSeconds(1);

    // A step that was told to stop gets ten seconds from the engine before it is killed.
    private static readonly TimeSpan SweepLimit = TimeSpan.FromSeconds(15);

    // Between a step's end and its commit its container has ended, and is needed.
    private static readonly TimeSpan ContainerAge = TimeSpan.FromHours(1);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMilliseconds(100);

    private readonly DockerEngine _engine;
    private readonly EngineObjects _objects;
    private readonly DockerOptions _docker;
    private readonly string _prefix;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop;
    private readonly CancellationTokenRegistration _stopping;
    private HashSet<string> _nobodys = [];

    public EngineCleanup(
        DockerEngine engine,
        EngineObjects objects,
        IOptions<DockerOptions> docker,
        IOptions<RegistryOptions> registry,
        IHostApplicationLifetime lifetime,
        TimeProvider time)
    {
        _engine = engine;
        _objects = objects;
        _docker = docker.Value;
        _prefix = registry.Value.RepositoryOf("");
        _time = time;
        _stop = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _stopping = lifetime.ApplicationStopping.Register(() => _stop.CancelAfter(LimitAtStop));
    }

    public static string MarkerOf(string buildId) => MarkerPrefix + buildId;

    /// <summary>Cleans up behind a build, within a limit that is shorter when the host stops.</summary>
    public async Task RunAsync(Func<CancellationToken, Task> clean)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(Limit);
        await clean(limit.Token);
    }

    /// <summary>Sees the containers end that the engine stops when a build is broken off, and removes what it leaves of them.</summary>
    public async Task SweepAsync(string marker)
    {
        using var longest = new CancellationTokenSource(SweepLimit, _time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(longest.Token, _stop.Token);
        try
        {
            while (await _objects.RemoveContainersAsync(marker, DateTimeOffset.MaxValue, limit.Token) > 0)
            {
                await Task.Delay(SweepInterval, _time, limit.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ImageUnavailableException or ImageRefusedException)
        {
            // The engine is away or slow: the hourly look removes it.
        }
    }

    /// <summary>Removes the images that a build's steps made, the last first, unless something else has come to use them: nobody
    /// is to build on what a stranger's steps left.</summary>
    public async Task ForgetImagesAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var unnamed = (await _objects.ImagesAsync(all: true, cancellationToken))
            .Where(image => image.RepoTags is null or { Count: 0 } or ["<none>:<none>"])
            .Select(image => image.ID)
            .ToList();
        foreach (var id in ids.Reverse())
        {
            if (unnamed.Find(known => known.StartsWith("sha256:" + id, StringComparison.Ordinal)) is { } found)
            {
                await _objects.DeleteUnnamedAsync(found, cancellationToken);
            }
        }
    }

    /// <summary>Removes the containers of builds that are over: a worker does that itself, unless the engine was away then.</summary>
    public async Task SweepEndedAsync(Func<string, Task<bool>> isOver, CancellationToken cancellationToken)
    {
        foreach (var marker in await _objects.MarkersAsync(MarkerPrefix, cancellationToken))
        {
            if (await isOver(marker[MarkerPrefix.Length..]))
            {
                await _objects.RemoveContainersAsync(marker, DateTimeOffset.MaxValue, cancellationToken);
            }
        }
    }

    /// <summary>Takes off the names under which builds pushed that are over, but could not take off themselves: their engine was
    /// away, or their worker died and a newer build took their place. A name goes when it is nobody's at two looks in a row, for
    /// between reading what is active and looking at the engine a build may have begun.</summary>
    public async Task SweepNamesAsync(IEnumerable<string> activeCommits, CancellationToken cancellationToken)
    {
        var active = activeCommits.Select(ImageTags.OfCommit).ToHashSet(StringComparer.Ordinal);
        var nobodys = await NamesAsync(tag => ImageTags.IsOfCommit(tag) && !active.Contains(tag), cancellationToken);
        foreach (var name in nobodys.Intersect(_nobodys))
        {
            await _engine.RemoveAsync(name, cancellationToken);
        }

        _nobodys = nobodys;
    }

    public async Task<int> PruneAsync(CancellationToken cancellationToken)
    {
        await _objects.RemoveContainersAsync(MarkerPrefix, _time.GetUtcNow() - ContainerAge, cancellationToken);
        var removed = await PruneImagesAsync(cancellationToken);
        await PruneCacheAsync(cancellationToken);
        return removed;
    }

    /// <summary>Removes what a dead worker left of a build: its steps' containers, and the names under which it pushed.</summary>
    public async Task ForgetAsync(string buildId, string commit, CancellationToken cancellationToken)
    {
        await _objects.RemoveContainersAsync(MarkerOf(buildId), DateTimeOffset.MaxValue, cancellationToken);
        foreach (var name in await NamesAsync(tag => tag == ImageTags.OfCommit(commit), cancellationToken))
        {
            await _engine.RemoveAsync(name, cancellationToken);
        }
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _stop.Dispose();
    }

    /// <summary>The names in our registry that have such a tag.</summary>
    private async Task<HashSet<string>> NamesAsync(Func<string, bool> hasTag, CancellationToken cancellationToken) =>
        (await _objects.ImagesAsync(all: false, cancellationToken))
            .SelectMany(image => image.RepoTags ?? [])
            .Where(name => name.StartsWith(_prefix, StringComparison.Ordinal) && hasTag(name[(name.LastIndexOf(':') + 1)..]))
            .ToHashSet(StringComparer.Ordinal);

    private async Task<int> PruneImagesAsync(CancellationToken cancellationToken)
    {
        var (removed, before) = (0, -1);
        // An image's parents can go only after it, and the engine takes those without a name along; so it is looked again.
        while (removed > before)
        {
            before = removed;
            foreach (var id in await OldestTooManyAsync(cancellationToken))
            {
                removed += await _objects.DeleteUnnamedAsync(id, cancellationToken) ? 1 : 0;
            }
        }

        return removed;
    }

    /// <summary>The images of ours that nothing is built on, and that are too old, or too many together, the oldest first.</summary>
    private async Task<IReadOnlyList<string>> OldestTooManyAsync(CancellationToken cancellationToken)
    {
        var ours = await _objects.ImagesWithAsync(ImageTags.OwnLabel, cancellationToken);
        var labelled = ours.Select(image => image.ID).ToHashSet(StringComparer.Ordinal);
        var kept = new ImagePruner(await _objects.ImagesAsync(all: true, cancellationToken), labelled);
        var used = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        foreach (var image in kept.Last)
        {
            // It is the image below our label that had a name.
            var made = new DateTimeOffset(image.Created.ToUniversalTime());
            var named = image.ParentID is { Length: > 0 } below ? await _objects.NamedAtAsync(below, cancellationToken) : null;
            used[image.ID] = named > made ? named.Value : made;
        }

        return kept.Choose(used, _time.GetUtcNow() - _docker.KeepImages, _docker.MaxImageBytes);
    }

    // The engine does not know who made which part of it; it is a cache, and nothing that cannot be made again.
    private async Task PruneCacheAsync(CancellationToken cancellationToken)
    {
        var hours = ((long)_docker.KeepCache.TotalHours).ToString(CultureInfo.InvariantCulture);
        await _objects.PruneCacheAsync("filters=" + Uri.EscapeDataString($$"""{"until":["{{hours}}h"]}"""), cancellationToken);
        var bytes = _docker.MaxCacheBytes.ToString(CultureInfo.InvariantCulture);
        await _objects.PruneCacheAsync("keep-storage=" + bytes, cancellationToken);
    }
}
