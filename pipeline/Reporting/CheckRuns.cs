using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.GitHub;
using Ci.Pipeline.Reporting.Comments;
using Ci.Pipeline.Text;

namespace Ci.Pipeline.Reporting;

/// <summary>How a build stands as a check run: what a commit status and a comment say, and a note on the Dockerfile's line.</summary>
public sealed class CheckRuns(CheckRunClient checks, BuildStore store, ImageComparer images, SecretMask mask)
{
    // GitHub takes 65,535 characters; CommentText keeps to fewer.
    private const int MaxText = 60_000;

    /// <summary>Tells how a build stands.</summary>
    /// <param name="record">The build.</param>
    /// <param name="name">The check's name.</param>
    /// <param name="text">The line that is shown of it.</param>
    /// <param name="page">The build's page, if it has a public address.</param>
    /// <param name="cancellationToken">Stops the telling.</param>
    /// <exception cref="GitHubException">GitHub did not take it.</exception>
    public async Task TellAsync(Build record, string name, string text, string? page, CancellationToken cancellationToken)
    {
        var run = await OfAsync(record, name, text, page, cancellationToken);
        // The record may be as it was when a worker took it; the run may be newer.
        var known = (await store.FindAsync(record.Id, cancellationToken))?.CheckRun;
        var id = await checks.SaveAsync(record.Request.Repository, known, run, cancellationToken);
        if (id != known)
        {
            await store.UpdateAsync(record.Id, r => r.Attempts >= record.Attempts ? r with { CheckRun = id } : null, cancellationToken);
        }
    }

    /// <summary>Tells how one image of several ended.</summary>
    /// <param name="record">The build, which has ended.</param>
    /// <param name="name">The check's name.</param>
    /// <param name="state">What the state of a commit status would be.</param>
    /// <param name="text">The line that is shown of it.</param>
    /// <param name="page">The build's page, if it has a public address.</param>
    /// <param name="cancellationToken">Stops the telling.</param>
    /// <exception cref="GitHubException">GitHub did not take it.</exception>
    public Task TellImageAsync(Build record, string name, string state, string text, string? page, CancellationToken cancellationToken)
    {
        // An image that another one's failure has stopped is no failure.
        var conclusion = state is "success" or "failure" ? state : record.State == BuildState.Error ? "failure" : "cancelled";
        var output = new CheckOutput(text, CommentMarkdown.Code(text, 2_000));
        return checks.SaveAsync(record.Request.Repository, id: null, Run(record, name, page, conclusion, output), cancellationToken);
    }

    private async Task<CheckRun> OfAsync(Build record, string name, string text, string? page, CancellationToken cancellationToken)
    {
        var conclusion = record.State switch
        {
            BuildState.Queued or BuildState.Running => null,
            BuildState.Waiting => "action_required",
            BuildState.Succeeded => "success",
            BuildState.Superseded or BuildState.Cancelled => "cancelled",
            _ => "failure",
        };
        var output = conclusion is null ? new CheckOutput(text, "") : await OutputAsync(record, text, cancellationToken);
        return Run(record, name, page, conclusion, output);
    }

    private static CheckRun Run(Build record, string name, string? page, string? conclusion, CheckOutput output) => new()
    {
        Name = name,
        HeadSha = record.Request.Commit,
        DetailsUrl = page,
        ExternalId = record.Id,
        Status = conclusion is not null ? "completed" : record.State == BuildState.Queued ? "queued" : "in_progress",
        StartedAt = record.StartedAt,
        Conclusion = conclusion,
        CompletedAt = conclusion is null ? null : record.FinishedAt,
        Output = output,
    };

    private async Task<CheckOutput> OutputAsync(Build record, string text, CancellationToken cancellationToken)
    {
        var isTold = record is { State: BuildState.Failed or BuildState.Error } or { State: BuildState.Succeeded, Images.Count: > 0 };
        var summary = isTold
            ? mask.Hide(CommentText.Of(record with { LogTail = [] }, await CompareAsync(record, cancellationToken), null))
            : CommentMarkdown.Code(record.Summary, 2_000);
        var tail = record.LogTail.Count == 0 ? null : mask.Hide(CommentMarkdown.Fence(record.LogTail, "text"));
        return new CheckOutput(text, summary, tail?.Length > MaxText ? null : tail, Notes(record));
    }

    private static IReadOnlyList<CheckNote>? Notes(Build record) =>
        record is { State: BuildState.Failed, FailedStep: { Line: { } line } step }
            ? [new CheckNote(step.File, line, line, "failure", StatusText.Failed(step))]
            : null;

    /// <summary>A registry that is away makes it say less, and not later.</summary>
    private async Task<IReadOnlyList<ImageDifference>> CompareAsync(Build record, CancellationToken cancellationToken)
    {
        try
        {
            return await images.CompareAsync(record, cancellationToken);
        }
        catch (ImageUnavailableException)
        {
            return [.. record.Images.Select(image => new ImageDifference(image, null, null))];
        }
    }
}
