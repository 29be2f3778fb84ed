using System.Globalization;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Registry;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Docker.Cleanup;

/// <summary>
/// Keeps room on the engine's disk: removes what builds left of images, when it is older or more than the settings allow.
/// An image is ours when it has our label and no name; what somebody pulled or named is theirs.
/// </summary>
public sealed class EngineCleanup(DockerEngine engine, EngineLeftovers leftovers, IOptions<DockerOptions> docker, IOptions<RegistryOptions> registry, TimeProvider time)
{
    private const string MarkerPrefix = "ci-build-";

    // A step that was told to stop gets ten seconds from the engine before it is killed.
    private HashSet<string> _nobodys = [];

    private static readonly TimeSpan SweepLimit = TimeSpan.FromSeconds(15);
    // Between a step's end and its commit its container has ended, and is needed.
    private static readonly TimeSpan ContainerAge = TimeSpan.FromHours(1);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>What a build's containers are known by.</summary>
    public static string MarkerOf(string buildId) => MarkerPrefix + buildId;

    /// <summary>Sees a build's containers end, which the engine stops when a build is broken off, and removes what it leaves of them.</summary>
    public async Task SweepAsync(string marker, CancellationToken cancellationToken)
    {
        using var longest = new CancellationTokenSource(SweepLimit, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(longest.Token, cancellationToken);
        try
        {
            while (await leftovers.RemoveContainersAsync(marker, DateTimeOffset.MaxValue, limit.Token) > 0)
            {
                await Task.Delay(SweepInterval, time, limit.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ImageUnavailableException or ImageRefusedException)
        {
            // The engine is away or slow: the hourly look removes it.
        }
    }

    /// <summary>
    /// Removes the images that a build's steps made, the last first, unless something else has come to use them: nobody is
    /// to build on what a stranger's steps left.
    /// </summary>
    public async Task ForgetImagesAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var unnamed = (await leftovers.ImagesAsync(all: true, cancellationToken))
            .Where(image => image.RepoTags is null or { Count: 0 } or ["<none>:<none>"])
            .Select(image => image.ID)
            .ToList();
        foreach (var id in ids.Reverse())
        {
            if (unnamed.Find(known => known.StartsWith("sha256:" + id, StringComparison.Ordinal)) is { } found)
            {
                await leftovers.DeleteUnnamedAsync(found, cancellationToken);
            }
        }
    }

    /// <summary>
    /// Removes what is left of the containers of builds that are over. A worker does that itself; but the engine may have
    /// been away when it could.
    /// </summary>
    public async Task SweepEndedAsync(Func<string, Task<bool>> isOver, CancellationToken cancellationToken)
    {
        foreach (var marker in await leftovers.MarkersAsync(MarkerPrefix, cancellationToken))
        {
            if (await isOver(marker[MarkerPrefix.Length..]))
            {
                await leftovers.RemoveContainersAsync(marker, DateTimeOffset.MaxValue, cancellationToken);
            }
        }
    }

    /// <summary>
    /// Takes off the names under which builds pushed that are over, but could not take off themselves: their engine was away,
    /// or their worker died and a newer build took their place. A name goes when it is nobody's at two looks in a row, for
    /// between reading what is active and looking at the engine a build may have begun.
    /// </summary>
    public async Task SweepNamesAsync(IEnumerable<string> activeCommits, CancellationToken cancellationToken)
    {
        var active = activeCommits.Select(ImageTags.OfCommit).ToHashSet(StringComparer.Ordinal);
        var prefix = registry.Value.Address.TrimEnd('/') + "/";
        var nobodys = (from image in await leftovers.ImagesAsync(all: false, cancellationToken)
                       from name in image.RepoTags ?? []
                       let tag = name[(name.LastIndexOf(':') + 1)..]
                       where name.StartsWith(prefix, StringComparison.Ordinal) && ImageTags.IsOfCommit(tag) && !active.Contains(tag)
                       select name).ToHashSet(StringComparer.Ordinal);
        foreach (var name in nobodys.Intersect(_nobodys))
        {
            await engine.RemoveAsync(name, cancellationToken);
        }

        _nobodys = nobodys;
    }

    /// <summary>Makes room; returns how many images went.</summary>
    public async Task<int> MakeAsync(CancellationToken cancellationToken)
    {
        await leftovers.RemoveContainersAsync(MarkerPrefix, time.GetUtcNow() - ContainerAge, cancellationToken);
        var removed = await PruneImagesAsync(cancellationToken);
        await PruneCacheAsync(cancellationToken);
        return removed;
    }

    /// <summary>Removes what a dead worker left of a build: its steps' containers, and the names under which it pushed.</summary>
    public async Task ForgetAsync(string buildId, string commit, CancellationToken cancellationToken)
    {
        await leftovers.RemoveContainersAsync(MarkerOf(buildId), DateTimeOffset.MaxValue, cancellationToken);
        var ending = ":" + ImageTags.OfCommit(commit);
        var prefix = registry.Value.Address.TrimEnd('/') + "/";
        var named = from image in await leftovers.ImagesAsync(all: false, cancellationToken)
                    from name in image.RepoTags ?? []
                    where name.StartsWith(prefix, StringComparison.Ordinal) && name.EndsWith(ending, StringComparison.Ordinal)
                    select name;
        foreach (var name in named)
        {
            await engine.RemoveAsync(name, cancellationToken);
        }
    }

    private async Task<int> PruneImagesAsync(CancellationToken cancellationToken)
    {
        var removed = 0;
        // An image's parents can go only after it, and the engine takes those without a name along; so it is looked again.
        while (await OldestTooManyAsync(cancellationToken) is { Count: > 0 } images)
        {
            var gone = 0;
            foreach (var id in images)
            {
                gone += await leftovers.DeleteUnnamedAsync(id, cancellationToken) ? 1 : 0;
            }

            removed += gone;
            if (gone == 0)
            {
                break;
            }
        }

        return removed;
    }

    /// <summary>The images of ours that nothing is built on, and that are too old, or too many together, the oldest first.</summary>
    private async Task<IReadOnlyList<string>> OldestTooManyAsync(CancellationToken cancellationToken)
    {
        var labelled = (await leftovers.ImagesWithAsync(ImageTags.OwnLabel, cancellationToken)).Select(image => image.ID).ToHashSet(StringComparer.Ordinal);
        var kept = new ImagePruner(await leftovers.ImagesAsync(all: true, cancellationToken), labelled);
        var used = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        foreach (var image in kept.Last)
        {
            // It is the image below our label that had a name.
            var made = new DateTimeOffset(image.Created.ToUniversalTime());
            used[image.ID] = image.ParentID is { Length: > 0 } below && await leftovers.NamedAtAsync(below, cancellationToken) is { } named && named > made ? named : made;
        }

        return kept.Choose(used, time.GetUtcNow() - docker.Value.KeepImages, docker.Value.MaxImageBytes);
    }

    /// <summary>
    /// Prunes the builder's cache. The engine does not know who made which part of it; it is a cache, and nothing that
    /// cannot be made again.
    /// </summary>
    private async Task PruneCacheAsync(CancellationToken cancellationToken)
    {
        var hours = ((long)docker.Value.KeepCache.TotalHours).ToString(CultureInfo.InvariantCulture);
        await leftovers.PruneCacheAsync("filters=" + Uri.EscapeDataString($$"""{"until":["{{hours}}h"]}"""), cancellationToken);
        await leftovers.PruneCacheAsync(string.Create(CultureInfo.InvariantCulture, $"keep-storage={docker.Value.MaxCacheBytes}"), cancellationToken);
    }
}
