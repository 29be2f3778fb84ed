using Azure.Data.Tables;
using Ci.Pipeline.Text;

namespace Ci.Pipeline.Builds.Storage;

public abstract record AdmissionResult
{
    private AdmissionResult()
    {
    }

    public sealed record Queued(Build Record) : AdmissionResult;

    public sealed record Waiting(Build Record) : AdmissionResult;

    public sealed record Running(Build Record) : AdmissionResult;

    /// <summary>It is built, and still what counts.</summary>
    public sealed record Built(Build Record) : AdmissionResult;

    /// <summary>Something newer is known of the pull request; <see cref="Record"/> is what there is of this one.</summary>
    public sealed record Late(Build? Record, PullRequestHead Newest) : AdmissionResult;

    /// <summary>The pull request is closed, and there is nothing of it that would have to go.</summary>
    public sealed record Closed : AdmissionResult;
}

/// <summary>Takes builds in, in one transaction each: the build that is asked for is queued, the pull request points to it, and the
/// build that it pointed to before is over, or none of it.</summary>
public sealed class BuildAdmission(BuildsTable table, TimeProvider time)
{
    /// <summary>Who approved what a person with the host's key had built.</summary>
    public const string ByHand = "(by hand)";

    /// <summary>The newest that is known of a pull request, and its build's record; null when nothing is.</summary>
    public async Task<(PullRequestHead Head, Build Record)?> NewestAsync(
        string repository, int pullRequest, CancellationToken cancellationToken)
    {
        var headRow = await table.FindAsync(PullRequestHeadRow.Key(repository, pullRequest), cancellationToken);
        return headRow is not null && PullRequestHeadRow.Read(headRow) is { BuildId: { } id } head
            && await FindPointedToAsync(id, cancellationToken) is { } row
            ? (head, BuildRow.Read(row))
            : null;
    }

    /// <summary>Takes in what a delivery asks for. Safe to repeat, in any order.</summary>
    public async Task<AdmissionResult> AdmitAsync(PullRequestUpdate change, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (findingHead, findingBuild) = (
                table.FindAsync(PullRequestHeadRow.Key(change.Request), cancellationToken),
                table.FindBuildAsync(change.Request.BuildId, cancellationToken));
            var (headRow, buildRow) = (await findingHead, await findingBuild);
            var known = buildRow is null ? null : BuildRow.Read(buildRow);
            var head = headRow is null ? null : PullRequestHeadRow.Read(headRow);
            // Null when somebody else was faster: then all of it is looked at anew.
            var admitted = await (head?.Order(change) switch
            {
                UpdateOrder.Older => TryTakeLateAsync(change, known, head, cancellationToken),
                UpdateOrder.Same => TryTakeAgainAsync(change, known, buildRow, pointer: null, Unchanged(headRow), cancellationToken),
                _ => TryTakeNewAsync(change, known, buildRow, headRow, cancellationToken),
            });
            if (admitted is not null)
            {
                return admitted;
            }
        }
    }

    /// <summary>Queues a build that has ended once more; null when it has not ended, or is not the one that counts any more.</summary>
    public async Task<Build?> RepeatAsync(Build record, CancellationToken cancellationToken)
    {
        while (true)
        {
            var headRow = await table.FindAsync(PullRequestHeadRow.Key(record.Request), cancellationToken);
            var buildRow = await table.FindBuildAsync(record.Id, cancellationToken);
            if (buildRow is null || BuildRow.Read(buildRow) is not { IsFinal: true } ended
                || (headRow is not null && PullRequestHeadRow.Read(headRow).BuildId != record.Id))
            {
                return null;
            }

            // Whoever may ask for this may approve, too.
            var approver = ended.Request.IsFork ? ended.Request.ApprovedBy ?? ByHand : null;
            var request = ended.Request with { QueuedAt = time.GetUtcNow(), ApprovedBy = approver };
            var again = ended.Again(request) with { IsAnew = ended.State == BuildState.Succeeded };
            if (await table.TryWriteAsync([.. Unchanged(headRow), .. BuildRow.Update(buildRow, again)], cancellationToken))
            {
                return again;
            }
        }
    }

    private async Task<AdmissionResult?> TryTakeLateAsync(
        PullRequestUpdate change, Build? known, PullRequestHead head, CancellationToken cancellationToken)
    {
        if (known is null && change.Request.Purpose != BuildPurpose.Close)
        {
            known = Build.Queued(change.Request).Stopped(
                BuildState.Superseded, SupersededBy(head.Purpose, head.Commit), time.GetUtcNow(), head.BuildId);
            if (!await table.TryWriteAsync(BuildRow.Add(known), cancellationToken))
            {
                return null;
            }
        }

        return new AdmissionResult.Late(known, head);
    }

    /// <summary>The pull request stays with this build: what runs or is built stays so, all else is queued.</summary>
    private async Task<AdmissionResult?> TryTakeAgainAsync(
        PullRequestUpdate change,
        Build? known,
        TableEntity? row,
        TableTransactionAction? pointer,
        TableTransactionAction[] unchanged,
        CancellationToken cancellationToken)
    {
        AdmissionResult result = known switch
        {
            { State: BuildState.Succeeded } => new AdmissionResult.Built(known),
            { State: BuildState.Running } => new AdmissionResult.Running(known),
            { State: BuildState.Queued } => new AdmissionResult.Queued(known),
            _ when Waits(change, known) => new AdmissionResult.Waiting(Build.Waiting(change.Request, change.Waits!)),
            _ => new AdmissionResult.Queued(known?.Again(change.Request) ?? Build.Queued(change.Request)),
        };
        var changed = result switch
        {
            AdmissionResult.Queued queued => queued.Record,
            AdmissionResult.Waiting waiting when known?.State != BuildState.Waiting => waiting.Record,
            _ => null,
        };
        TableTransactionAction[] writes = pointer is null ? [] : [pointer];
        // What was read of the build may be what ended it: it is queued only if the pull request has pointed to it all the while.
        if (changed is not null)
        {
            writes = [.. writes, .. unchanged, .. Write(row, changed)];
        }

        return writes.Length == 0 || await table.TryWriteAsync(writes, cancellationToken) ? result : null;
    }

    private async Task<AdmissionResult?> TryTakeNewAsync(
        PullRequestUpdate change, Build? known, TableEntity? row, TableEntity? headRow, CancellationToken cancellationToken)
    {
        var previousId = headRow is null ? null : PullRequestHeadRow.Read(headRow).BuildId;
        var pointer = PullRequestHeadRow.Write(change, headRow?.ETag);
        if (previousId == change.Request.BuildId)
        {
            return await TryTakeAgainAsync(change, known, row, pointer, [], cancellationToken);
        }

        if (previousId is null && change.Request.Purpose == BuildPurpose.Close)
        {
            return await table.TryWriteAsync([pointer], cancellationToken) ? new AdmissionResult.Closed() : null;
        }

        if (Waits(change, known))
        {
            var waiting = Build.Waiting(change.Request, change.Waits!) with { Owner = known?.Owner, OwnedUntil = known?.OwnedUntil };
            return await TryPointAsync(pointer, previousId, row, waiting, cancellationToken) ? new AdmissionResult.Waiting(waiting) : null;
        }

        var queued = known?.Again(change.Request) ?? Build.Queued(change.Request);
        return await TryPointAsync(pointer, previousId, row, queued, cancellationToken) ? new AdmissionResult.Queued(queued) : null;
    }

    private async Task<bool> TryPointAsync(
        TableTransactionAction pointer, string? previousId, TableEntity? row, Build next, CancellationToken cancellationToken)
    {
        var previous = previousId is null ? null : await FindPointedToAsync(previousId, cancellationToken);
        var ending = previous is null ? [] : End(previous, next);
        return await table.TryWriteAsync([pointer, .. Write(row, next), .. ending], cancellationToken);
    }

    /// <summary>The row of a build that a pull request points to; null when it was removed for its age.</summary>
    private async Task<TableEntity?> FindPointedToAsync(string buildId, CancellationToken cancellationToken) =>
        // The second look finds one that was begun anew during the first.
        await table.FindBuildAsync(buildId, cancellationToken) ?? await table.FindBuildAsync(buildId, cancellationToken);

    /// <summary>An approval holds for its commit, and so for this build, as long as there is a record of it.</summary>
    private static bool Waits(PullRequestUpdate change, Build? known) => change.Waits is not null && known?.Request.ApprovedBy is null;

    /// <summary>A write that succeeds if nobody has written the row since it was read, and leaves it as it is.</summary>
    private static TableTransactionAction[] Unchanged(TableEntity? row) => row is null
        ? []
        : [new TableTransactionAction(TableTransactionActionType.UpdateMerge, new TableEntity(row.PartitionKey, row.RowKey), row.ETag)];

    private static IEnumerable<TableTransactionAction> Write(TableEntity? row, Build queued) =>
        row is null ? BuildRow.Add(queued) : BuildRow.Update(row, queued);

    private IEnumerable<TableTransactionAction> End(TableEntity row, Build successor)
    {
        if (BuildRow.Read(row) is not { CanBeStopped: true } previous)
        {
            return [];
        }

        var ended = successor.Request.Purpose == BuildPurpose.Close
            ? previous.Stopped(
                BuildState.Cancelled, $"Cancelled: pull request #{previous.Request.PullRequest} was closed.", time.GetUtcNow())
            : previous.Stopped(
                BuildState.Superseded,
                SupersededBy(successor.Request.Purpose, successor.Request.Commit),
                time.GetUtcNow(),
                successor.Id);
        return BuildRow.Update(row, ended);
    }

    private static string SupersededBy(BuildPurpose purpose, string commit) => purpose switch
    {
        BuildPurpose.Merge => $"Superseded: the pull request was merged at {Format.Commit(commit)}.",
        BuildPurpose.Close => "Superseded: the pull request was closed.",
        _ => $"Superseded by the newer commit {Format.Commit(commit)}.",
    };
}
