using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;

namespace Ci.Pipeline.Reporting;

/// <summary>Tells GitHub of the builds that wait how many go before them. Several hosts look at the same line: each word is
/// claimed in the build's record first, and one host tells it.</summary>
internal sealed class QueuePositionReporter(BuildStore store, BuildLists lists, CommitStatuses statuses, TimeProvider time)
{
    /// <summary>How long a word may be on its way; the end of a build waits for it, and no longer than this.</summary>
    public static readonly TimeSpan UnderWay = TimeSpan.FromSeconds(10);

    // A long line moves at once for everybody in it; the rest is told at the next look.
    private const int MostAtOnce = 5;

    /// <summary>Tells what is new of the line.</summary>
    /// <param name="active">All builds about which something is still to be done.</param>
    /// <param name="cancellationToken">Stops the telling.</param>
    public async Task TellAsync(IReadOnlyList<Build> active, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var line = active.Where(r => r.State == BuildState.Queued && !r.IsHeld(now) && !(r.NotBefore > now)).OrderBy(r => r.Request.QueuedAt).ToList();
        var due = line.Where(r => CommitStatuses.HasStatus(r) && IsDue(r, now)).Take(MostAtOnce).ToList();
        if (due.Count == 0 || !statuses.CanTell)
        {
            return;
        }

        var running = active.Where(r => r.State == BuildState.Running && r.IsHeld(now)).ToList();
        var times = new Dictionary<string, TimeSpan?>(StringComparer.OrdinalIgnoreCase);
        foreach (var record in due)
        {
            var before = line.TakeWhile(r => r.Id != record.Id).ToList();
            await TellAsync(record, StatusText.Queued(before.Count + 1, await WaitAsync(before, running, times, cancellationToken)), cancellationToken);
        }
    }

    private static bool IsDue(Build record, DateTimeOffset now) =>
        record.QueuePosition is not { } note || now - note.At >= ProgressReporter.PauseAfter(now - record.Request.QueuedAt);

    private async Task TellAsync(Build record, string text, CancellationToken cancellationToken)
    {
        var at = time.GetUtcNow();
        var claimed = record.QueuePosition?.Text == text ? null : await store.UpdateAsync(
            record.Id,
            r => r.State == BuildState.Queued && !r.IsHeld(at) && r.QueuePosition == record.QueuePosition
                ? r with { QueuePosition = new QueuePosition(text, at).HeldBy(Leased.NewOwner(), at + UnderWay) }
                : null,
            cancellationToken);
        if (claimed is not null)
        {
            await statuses.TellAsync(claimed, text, cancellationToken);
            await store.UpdateAsync(
                record.Id, r => r.QueuePosition == claimed.QueuePosition ? r with { QueuePosition = claimed.QueuePosition!.Released() } : null, cancellationToken);
        }
    }

    /// <summary>How long what goes before takes, done side by side by as many workers as are busy; null when some of it was never built before.</summary>
    private async Task<TimeSpan?> WaitAsync(
        List<Build> before, List<Build> running, Dictionary<string, TimeSpan?> times, CancellationToken cancellationToken)
    {
        var sum = TimeSpan.Zero;
        foreach (var build in before.Concat(running))
        {
            if (!times.TryGetValue(build.Request.Repository, out var usual))
            {
                var earlier = await lists.SucceededAsync(build.Request.Repository, Estimate.Most, cancellationToken);
                times[build.Request.Repository] = usual = Estimate.Of(earlier)?.Time;
            }

            if (usual is null)
            {
                return null;
            }

            var left = usual.Value - (build.State == BuildState.Running ? time.GetUtcNow() - (build.StartedAt ?? time.GetUtcNow()) : TimeSpan.Zero);
            sum += left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }

        return running.Count == 0 ? null : sum / running.Count;
    }
}
