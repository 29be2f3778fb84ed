using System.Text.Json;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.GitHub;
using Ci.Pipeline.Http;
using Ci.Pipeline.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Reporting.Comments;

/// <summary>
/// Keeps one comment on a pull request that says what its newest build made, or why it made nothing. Each end of a build
/// changes the same comment: its id is in the table, and if that was lost it is found by a marker that nobody can guess.
/// </summary>
public sealed partial class PullRequestComments(
    IssueComments comments,
    CommentClaims claims,
    BuildStore store,
    BuildAdmission admission,
    ImageComparer images,
    PublicAddress address,
    SecretMask mask,
    IOptions<GitHubOptions> gitHub,
    IOptions<ReportOptions> options,
    BuildId ids,
    TimeProvider time,
    ILogger<PullRequestComments> logger)
{

    /// <summary>Tells how a build ended, if that was not told yet; false when it is to be tried again.</summary>
    public async Task<bool> NotifyCompletedAsync(string id, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(id, cancellationToken) is not { IsFinal: true } record || record.Commented == record.State || record.IsHeld(time.GetUtcNow()))
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
        catch (CommentRefusedException e)
        {
            Log.Refused(logger, id, e.Status, record.Request.Repository);
        }
        catch (Exception e) when (e is JsonException or ImageUnavailableException || HttpFaults.IsNoAnswer(e, cancellationToken))
        {
            Log.NotWritten(logger, id, e.Message);
            return false;
        }

        await store.UpdateAsync(
            id, r => r.State == record.State && r.FinishedAt == record.FinishedAt ? r with { Commented = r.State } : null, cancellationToken);
        return true;
    }

    /// <summary>Only the pull request's newest build has something to say; what was stopped has not.</summary>
    private async Task<bool> IsWantedAsync(Build record, CancellationToken cancellationToken) =>
        options.Value.Comment && gitHub.Value.Token.Length > 0
        && record.Request.Purpose == BuildPurpose.PullRequest
        && record is { State: BuildState.Failed or BuildState.Error } or { State: BuildState.Succeeded, Images.Count: > 0 }
        && (await admission.NewestAsync(record.Request.Repository, record.Request.PullRequest, cancellationToken) is not { } newest || newest.Head.BuildId == record.Id);

    private async Task<bool> WriteAsync(Build record, CancellationToken cancellationToken)
    {
        var request = record.Request;
        var differences = await images.CompareAsync(record, cancellationToken);
        // The marker is of the pull request: every build of it finds the same comment.
        var marker = $"<!-- docker-image-of:{ids.Of(request.Repository, request.PullRequest, "comment", BuildPurpose.PullRequest)} -->";
        var body = mask.Hide($"{marker}\n{CommentText.Of(record, differences, await address.PageOfAsync(record.Id, cancellationToken))}");
        if (await claims.ClaimAsync(request, cancellationToken) is not { } claim)
        {
            return false;
        }

        var written = claim;
        try
        {
            var comment = await WriteAsync(record, claim, marker, body, cancellationToken);
            written = claim with { Id = comment.Id, Author = comment.User?.Login };
        }
        finally
        {
            await claims.ReleaseAsync(request, written, CancellationToken.None);
        }

        return true;
    }

    private async Task<IssueComment> WriteAsync(Build record, CommentClaim claim, string marker, string body, CancellationToken cancellationToken)
    {
        var (repository, number) = (record.Request.Repository, record.Request.PullRequest);
        if (claim.Id is { } known && await comments.ChangeAsync(repository, known, body, cancellationToken) is { } changed)
        {
            return changed;
        }

        return await comments.FindAsync(repository, number, marker, claim.Author, cancellationToken) is { } found
            && await comments.ChangeAsync(repository, found.Id, body, cancellationToken) is { } again
            ? again
            : await comments.CreateAsync(repository, number, body, cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Build {BuildId}: its pull request's comment could not be written ({Problem}); it is tried again")]
        public static partial void NotWritten(ILogger logger, string buildId, string problem);

        [LoggerMessage(2, LogLevel.Information, "Build {BuildId}: GitHub answered {Status} to a comment; for one, give GitHub__Token the permission Pull requests: read and write on {Repository}, else set Report__Comment to false")]
        public static partial void Refused(ILogger logger, string buildId, int status, string repository);
    }
}
