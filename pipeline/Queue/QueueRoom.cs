using System.Collections.Concurrent;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Queue;

/// <summary>
/// Whether a repository may have one more build wait (<c>Build__MaxQueued</c>). Looking costs a read while GitHub waits, so a
/// look is good for half a minute, as long as what was let in since cannot have filled the room; and who looks at all builds
/// anyway, as <c>Reconciler</c> does every few seconds, looks for everybody. What comes at the very same moment, or
/// meanwhile to another host, may make it more.
/// </summary>
public sealed class QueueRoom(BuildStore store, IOptions<BuildOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Lasts = TimeSpan.FromSeconds(30);

    // How many were let in since the host's start, of each repository.
    private readonly ConcurrentDictionary<string, int> _letIn = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, Look> _looks = new(StringComparer.OrdinalIgnoreCase);
    private volatile Look _others = new(DateTimeOffset.MinValue, 0, 0);
    private Dictionary<string, int> _letInBefore = [];

    /// <summary>Whether other pull requests of the repository have as many builds waiting as may.</summary>
    public async Task<bool> IsFullAsync(BuildRequest request, CancellationToken cancellationToken)
    {
        var letIn = _letIn.AddOrUpdate(request.Repository, 1, static (_, count) => count + 1);
        var last = _looks.GetValueOrDefault(request.Repository, _others);
        if (time.GetUtcNow() - last.At < Lasts && last.Waiting + letIn - last.LetIn <= options.Value.MaxQueued)
        {
            return false;
        }

        var at = time.GetUtcNow();
        var waiting = await store.QueuedOfAsync(request.Repository, options.Value.MaxQueued + 1, cancellationToken);
        _looks[request.Repository] = new Look(at, waiting.Count + 1, letIn);
        return waiting.Count(record => record.Request.PullRequest != request.PullRequest) >= options.Value.MaxQueued;
    }

    /// <summary>The builds about which something is still to be done, in no order; how many of them wait is remembered.</summary>
    public async Task<IReadOnlyList<Build>> LookAsync(CancellationToken cancellationToken)
    {
        var at = time.GetUtcNow();
        // What was let in since the last look is counted whether or not this one finds it: its record may be on its way.
        var stored = _letInBefore;
        _letInBefore = new Dictionary<string, int>(_letIn, StringComparer.OrdinalIgnoreCase);
        var active = await store.ActiveAsync(cancellationToken);
        var waiting = active
            .Where(record => record.State == BuildState.Queued)
            .CountBy(record => record.Request.Repository, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(StringComparer.OrdinalIgnoreCase);
        foreach (var repository in _letInBefore.Keys.Union(waiting.Keys, StringComparer.OrdinalIgnoreCase))
        {
            _looks[repository] = new Look(at, waiting.GetValueOrDefault(repository), stored.GetValueOrDefault(repository));
        }

        _others = new Look(at, 0, 0);
        return active;
    }

    /// <summary>What was found when.</summary>
    /// <param name="At">When.</param>
    /// <param name="Waiting">How many builds of a repository waited.</param>
    /// <param name="LetIn">How many of those that were let in are not to be counted once more.</param>
    private sealed record Look(DateTimeOffset At, int Waiting, int LetIn);
}
