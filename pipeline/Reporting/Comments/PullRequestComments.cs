using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.GitHub;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Reporting.Comments;

/// <summary>Keeps one comment on a pull request that says what its newest build made, or why it made nothing. Each end of a build
/// changes the same comment: its id is in the table, and if that was lost it is found by a marker that nobody can guess.</summary>
public sealed partial class PullRequestComments(
    IssueComments comments,
    CommentComposer composer,
    CommentClaims claims,
    BuildStore store,
    BuildAdmission admission,
    IOptions<GitHubOptions> gitHub,
    IOptions<ReportOptions> options,
    TimeProvider time,
    ILogger<PullRequestComments> logger)
{
    /// <summary>Tells how a build ended, if that was not told yet; false when it is to be tried again.</summary>
    public async Task<bool> NotifyCompletedAsync(string id, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(id, cancellationToken) is not { IsFinal: true } record
            || record.Commented == record.State || record.IsHeld(time.GetUtcNow()))
        {
            return true;
        }

        try
        {
            if (await IsWantedAsync(record, cancellationToken) && !await WriteAsync(record, cancellationToken))
            {
                return false;
            }
        }
        catch (GitHubRefusedException e)
        {
            Log.Refused(logger, id, e.Message);
        }
        catch (Exception e) when (e is GitHubUnavailableException or ImageUnavailableException)
        {
            if (e is not GitHubUnavailableException { RetryAfter: not null })
            {
                Log.NotWritten(logger, id, e.Message);
            }

            return false;
        }

        await store.UpdateAsync(
            id,
            r => r.State == record.State && r.FinishedAt == record.FinishedAt ? r with { Commented = r.State } : null,
            cancellationToken);
        return true;
    }

    /// <summary>Only the pull request's newest build has something to say; what was stopped has not.</summary>
    private async Task<bool> IsWantedAsync(Build record, CancellationToken cancellationToken) =>
        options.Value.Comment && gitHub.Value.Token.Length > 0
        && record.Request.Purpose == BuildPurpose.PullRequest
        && record is { State: BuildState.Failed or BuildState.Error } or { State: BuildState.Succeeded, Images.Count: > 0 }
        && (await admission.NewestAsync(record.Request.Repository, record.Request.PullRequest, cancellationToken) is not { } newest
            || newest.Head.BuildId == record.Id);

    private async Task<bool> WriteAsync(Build record, CancellationToken cancellationToken)
    {
        var comment = await composer.ComposeAsync(record, cancellationToken);
        if (await claims.ClaimAsync(record.Request, cancellationToken) is not { } claim)
        {
            return false;
        }

        var written = claim;
        try
        {
            var there = await WriteAsync(record.Request, claim, comment, cancellationToken);
            written = claim with { Id = there.Id, Author = there.User?.Login };
        }
        finally
        {
            await claims.ReleaseAsync(record.Request, written, CancellationToken.None);
        }

        return true;
    }

    private async Task<IssueComment> WriteAsync(
        BuildRequest request, CommentClaim claim, ComposedComment comment, CancellationToken cancellationToken)
    {
        var (repository, number, (marker, body)) = (request.Repository, request.PullRequest, comment);
        if (claim.Id is { } known && await comments.ChangeAsync(repository, known, body, cancellationToken) is { } changed)
        {
            return changed;
        }

        return await comments.FindAsync(repository, number, marker, claim.Author, cancellationToken) is { } found
            && await comments.ChangeAsync(repository, found.Id, body, cancellationToken) is { } again
            ? again
            : await comments.CreateAsync(repository, number, marker, claim.Author, body, cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(
            1, LogLevel.Warning, "Build {BuildId}: its pull request's comment could not be written ({Problem}); it is tried again")]
        public static partial void NotWritten(ILogger logger, string buildId, string problem);

        [LoggerMessage(2, LogLevel.Information, "Build {BuildId}: its pull request has no comment of it. {Problem} "
            + "To have no comments, set Report__Comment to false.")]
        public static partial void Refused(ILogger logger, string buildId, string problem);
    }
}
