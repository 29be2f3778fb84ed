using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Queue;
using Ci.Pipeline.Reporting;
using Ci.Pipeline.Text;

namespace Ci.Pipeline.Intake;

/// <summary>What came of what a person asked for.</summary>
/// <param name="Record">The build as it is now; null when there is none of that id.</param>
/// <param name="Problem">Why nothing was done; null when it was.</param>
public sealed record ActionResult(Build? Record, string? Problem);

public sealed class BuildActions(BuildStore store, BuildAdmission admission, BuildQueue queue, CommitStatuses statuses, TimeProvider time)
{
    /// <summary>Stops a build that is queued or running; its worker notices within a second.</summary>
    public async Task<ActionResult> CancelAsync(string id, CancellationToken cancellationToken)
    {
        var cancelled = await store.UpdateAsync(
            id, r => !r.CanBeStopped ? null : r.Stopped(BuildState.Cancelled, "Cancelled by hand.", time.GetUtcNow()), cancellationToken);
        if (cancelled is not null)
        {
            await statuses.NotifyCompletedAsync(id, cancellationToken);
            return new ActionResult(cancelled, null);
        }

        var record = await store.FindAsync(id, cancellationToken);
        return new ActionResult(record, record is null ? null : $"It cannot be cancelled: it has ended as {Format.Word(record.State)}.");
    }

    /// <summary>Builds anew what has ended, unless a newer commit of the pull request took its place.</summary>
    public async Task<ActionResult> RebuildAsync(string id, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(id, cancellationToken) is not { } record)
        {
            return new ActionResult(null, null);
        }

        if (await admission.RepeatAsync(record, cancellationToken) is { } again)
        {
            await queue.SendAsync(again.Request, cancellationToken);
            return new ActionResult(again, null);
        }

        return new ActionResult(
            record,
            record.IsFinal
                ? "It is not built again: something newer is known of the pull request, and its tags belong to that."
                : $"It is not built again: it is {Format.Word(record.State)} already.");
    }

    /// <summary>Builds what a message that was given up asked for; one that has no record gets one.</summary>
    public async Task<ActionResult> ReplayAsync(BuildRequest request, CancellationToken cancellationToken)
    {
        var added = Build.Queued(request with { QueuedAt = time.GetUtcNow() });
        if (await store.TryAddAsync(added, cancellationToken))
        {
            await queue.SendAsync(added.Request, cancellationToken);
            return new ActionResult(added, null);
        }

        return await RebuildAsync(request.BuildId, cancellationToken);
    }
}
