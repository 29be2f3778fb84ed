using System.Globalization;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;

namespace Ci.Pipeline.Builds.Storage;

/// <summary>
/// The newest that is known of a pull request, whatever the order in which its deliveries came: which build is the one
/// that counts. All others of it are over.
/// </summary>
public sealed record PullRequestHead
{
    /// <summary>The build that counts; null when the pull request was closed before there was any.</summary>
    public string? BuildId { get; init; }

    /// <summary>The head commit.</summary>
    public required string Commit { get; init; }

    /// <summary>The head commit before it, where the delivery said so.</summary>
    public string? Before { get; init; }

    /// <summary>What the build that counts is for.</summary>
    public required BuildPurpose Purpose { get; init; }

    /// <summary>When the pull request changed to this, according to GitHub; whole seconds.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>How a change of the pull request stands to this one.</summary>
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

/// <summary>How a change stands to what is known.</summary>
public enum UpdateOrder
{
    /// <summary>It is the one that is known: a redelivery.</summary>
    Same,

    /// <summary>It came late: something newer is known.</summary>
    Older,

    /// <summary>It is news.</summary>
    Newer,
}

/// <summary>A change of a pull request that asks for a build.</summary>
/// <param name="Request">The build.</param>
/// <param name="Before">The head commit that a push replaced, if the delivery says.</param>
/// <param name="Reopened">Whether the pull request was just opened again.</param>
/// <param name="Waits">What has to be done before it is built, for people; null when nothing has.</param>
public sealed record PullRequestUpdate(BuildRequest Request, string? Before = null, bool Reopened = false, string? Waits = null);

/// <summary>A pull request's head as a row.</summary>
internal static class PullRequestHeadRow
{
    public static string Key(BuildRequest request) => Key(request.Repository, request.PullRequest);

    public static string Key(string repository, int pullRequest) => string.Create(
        CultureInfo.InvariantCulture, $"pull-{repository.ToLowerInvariant().Replace('/', '|')}|{pullRequest}");

    public static PullRequestHead Read(TableEntity row) =>
        JsonSerializer.Deserialize(row.GetString("Record"), RecordJson.Default.PullRequestHead)
        ?? throw new InvalidOperationException($"Row {row.RowKey} of table {BuildStore.TableName} has no record.");

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
