using System.Text.Json;
using Azure;
using Azure.Data.Tables;

namespace Ci.Pipeline.Builds.Storage;

/// <summary>The newest that is known of a pull request, whatever the order in which its deliveries came: which build is the one that
/// counts. All others of it are over.</summary>
public sealed record PullRequestHead
{
    /// <summary>The build that counts; null when the pull request was closed before there was any.</summary>
    public string? BuildId { get; init; }

    public required string Commit { get; init; }

    /// <summary>The head commit before it, where the delivery said so.</summary>
    public string? Before { get; init; }

    public required BuildPurpose Purpose { get; init; }

    /// <summary>When the pull request changed to this, according to GitHub; whole seconds.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    public UpdateOrder Order(PullRequestUpdate change)
    {
        var request = change.Request;
        if (request.BuildId == BuildId && request.UpdatedAt <= UpdatedAt)
        {
            return request.UpdatedAt == UpdatedAt ? UpdateOrder.Same : UpdateOrder.Older;
        }

        // A merged pull request cannot be opened again: whatever else comes is late.
        if (Purpose == BuildPurpose.Merge && request.Purpose != BuildPurpose.Merge)
        {
            return UpdateOrder.Older;
        }

        return request.UpdatedAt == UpdatedAt ? WithinASecond(change)
            : request.UpdatedAt > UpdatedAt ? UpdateOrder.Newer
            : UpdateOrder.Older;
    }

    // GitHub's clock has seconds; within one, a push tells what it replaced, and an end comes last.
    private UpdateOrder WithinASecond(PullRequestUpdate change) => change switch
    {
        { Request.Purpose: not BuildPurpose.PullRequest } => UpdateOrder.Newer,
        { Before: { } before } when before == Commit => UpdateOrder.Newer,
        _ when Before is not null && Before == change.Request.Commit => UpdateOrder.Older,
        { Reopened: false } when Purpose == BuildPurpose.Close => UpdateOrder.Older,
        _ => UpdateOrder.Newer,
    };
}

public enum UpdateOrder
{
    /// <summary>It is the one that is known: a redelivery.</summary>
    Same,

    /// <summary>It came late: something newer is known.</summary>
    Older,

    Newer,
}

/// <summary>A change of a pull request that asks for a build, after the head commit <c>Before</c> that a push replaced, if the delivery
/// says. <c>Waits</c> is what people have to do before it is built; null when nothing.</summary>
public sealed record PullRequestUpdate(BuildRequest Request, string? Before = null, bool Reopened = false, string? Waits = null);

internal static class PullRequestHeadRow
{
    public static string Key(BuildRequest request) => Key(request.Repository, request.PullRequest);

    public static string Key(string repository, int pullRequest) => "pull-" + BuildRow.PullRequestKey(repository, pullRequest);

    public static PullRequestHead Read(TableEntity row) => BuildRow.Read(row, RecordJson.Default.PullRequestHead);

    public static TableTransactionAction Write(PullRequestUpdate change, ETag? etag)
    {
        var request = change.Request;
        var head = new PullRequestHead
        {
            BuildId = request.BuildId,
            Commit = request.Commit,
            Before = change.Before,
            Purpose = request.Purpose,
            UpdatedAt = request.UpdatedAt,
        };
        var row = new TableEntity(BuildRow.Partition, Key(request))
        {
            ["Repository"] = request.Repository,
            ["PullRequest"] = request.PullRequest,
            ["Commit"] = request.Commit,
            ["Record"] = JsonSerializer.Serialize(head, RecordJson.Default.PullRequestHead),
        };
        return BuildsTable.Put(row, etag);
    }
}
