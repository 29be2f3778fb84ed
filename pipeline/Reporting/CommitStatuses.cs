using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.GitHub;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Reporting;

/// <summary>Tells GitHub how a build stands, as a commit status on the head commit; a GitHub App tells it as a check run of the
/// same name, which can say more.</summary>
public sealed partial class CommitStatuses(
    CommitStatusClient statuses,
    CheckRuns checks,
    BuildStore store,
    PublicAddress address,
    IOptions<GitHubOptions> gitHub,
    IOptions<ReportOptions> options,
    TimeProvider time,
    ILogger<CommitStatuses> logger)
{
    // How long a word on the way may take: the end of a build waits for one that is on its way.
    private static readonly TimeSpan WordLimit = TimeSpan.FromSeconds(3);

    /// <summary>Whether statuses are told at all: without a token GitHub takes none.</summary>
    public bool CanTell => gitHub.Value.CanWrite && options.Value.StatusContext.Length > 0;

    /// <summary>Whether a build has a status: closing a pull request builds nothing that could have one.</summary>
    public static bool HasStatus(Build record) => record.Request.Purpose != BuildPurpose.Close;

    /// <summary>Tells what a worker does, until that is disposed of. A word that is on its way when the worker is to stop is
    /// given up: the build's hand-over waits for none, and whoever takes the build up tells of it anew.</summary>
    public ProgressReporter Follow(BuildLease lease, BuildSteps steps, CancellationToken stop)
    {
        var hasImages = false;
        return new(
            () => CanTell && HasStatus(lease.Record) ? StatusText.Running(lease.Stage, steps.Newest) : null,
            async text =>
            {
                try
                {
                    hasImages = hasImages || await TellImagesAsync(lease.Record.Id, stop);
                    return await TellAsync(lease.Record, text, stop);
                }
                catch (OperationCanceledException) when (stop.IsCancellationRequested)
                {
                    return false;
                }
            },
            time);
    }

    /// <summary>Tells something on the way, within a few seconds; what GitHub does not take is no matter, for the end is told for
    /// certain. False when GitHub is slow or does not want to hear more.</summary>
    public Task<bool> TellAsync(Build record, string text, CancellationToken cancellationToken) =>
        TryAsync(record.Id, limit => PostAsync(record, "pending", text, limit), cancellationToken);

    /// <summary>Tells of each of several images that it is built now; false when it is not known yet which there are. Only what
    /// the record has is told, so that whoever takes up the build after a crash tells the end of it.</summary>
    private async Task<bool> TellImagesAsync(string id, CancellationToken cancellationToken)
    {
        var record = await store.FindAsync(id, cancellationToken);
        if (record is null or { Planned.Count: 0 } or { IsFinal: true })
        {
            return false;
        }

        await TryAsync(id, limit => PostImagesAsync(record, limit), cancellationToken);
        return true;
    }

    private async Task<bool> TryAsync(string id, Func<CancellationToken, Task<bool>> post, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(WordLimit);
        try
        {
            return await post(limit.Token);
        }
        catch (Exception e) when (e is GitHubUnavailableException or OperationCanceledException)
        {
            Log.WordLost(logger, id, e.Message);
            return false;
        }
    }

    /// <summary>Tells how a build ended, if that was not told yet and nobody holds the build; false when GitHub is away, and it
    /// is to be tried again.</summary>
    public async Task<bool> NotifyCompletedAsync(string id, CancellationToken cancellationToken)
    {
        while (await store.FindAsync(id, cancellationToken) is { IsFinal: true } record
            && record.Reported != record.State && !record.IsHeld(time.GetUtcNow()))
        {
            // What another host tells of its place in line must not come behind its end.
            if (record.QueuePosition?.IsHeld(time.GetUtcNow()) == true)
            {
                return false;
            }

            try
            {
                await PostEndAsync(record, cancellationToken);
            }
            catch (GitHubUnavailableException e)
            {
                if (e.RetryAfter is null)
                {
                    Log.NotTold(logger, id, e.Message);
                }

                return false;
            }

            // A build that was begun again meanwhile is told of at its next end.
            await store.UpdateAsync(id, r => r.State == record.State ? r with { Reported = r.State } : null, cancellationToken);
        }

        return true;
    }

    private async Task PostEndAsync(Build record, CancellationToken cancellationToken)
    {
        if (CanTell && HasStatus(record))
        {
            await PostImagesAsync(record, cancellationToken);
            await PostAsync(record, StatusText.StateOf(record), StatusText.Of(record), cancellationToken);
        }
    }

    /// <summary>A status for each image, when there are several; the build's own says how all of them are.</summary>
    private async Task<bool> PostImagesAsync(Build record, CancellationToken cancellationToken)
    {
        // What a check run of an image says is not changed: it is made when that is known.
        foreach (var image in record.Planned.Count > 1 && (record.IsFinal || !gitHub.Value.IsApp) ? record.Planned : [])
        {
            var (state, text) = StatusText.Of(record, image);
            if (!await PostAsync(record, state, text, cancellationToken, image))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>False when GitHub refused for good.</summary>
    /// <exception cref="GitHubUnavailableException">GitHub is away, or wants to be left alone for a while.</exception>
    private async Task<bool> PostAsync(Build record, string state, string text, CancellationToken cancellationToken, string? image = null)
    {
        var request = record.Request;
        // The merge's images are others than the pull request's; so is their status, on the same commit.
        var merge = request.Purpose == BuildPurpose.Merge ? "/merge" : "";
        var context = options.Value.StatusContext + merge + (image is null ? "" : "/" + image);
        var page = await address.PageOfAsync(record.Id, cancellationToken);
        try
        {
            var status = new NewStatus(state, context, text, page);
            await (!gitHub.Value.IsApp ? statuses.SetAsync(request.Repository, request.Commit, status, cancellationToken)
                : image is null ? checks.TellAsync(record, context, text, page, cancellationToken)
                : checks.TellImageAsync(record, context, state, text, page, cancellationToken));
            return true;
        }
        catch (GitHubRefusedException e)
        {
            Log.Refused(logger, record.Id, e.Message);
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Build {BuildId}: GitHub could not be told how it ended ({Problem}); it is tried again")]
        public static partial void NotTold(ILogger logger, string buildId, string problem);

        [LoggerMessage(2, LogLevel.Warning, "Build {BuildId}: {Problem}")]
        public static partial void Refused(ILogger logger, string buildId, string problem);

        [LoggerMessage(
            3, LogLevel.Information, "Build {BuildId}: GitHub did not take what it does now ({Problem}); it is told how it ends")]
        public static partial void WordLost(ILogger logger, string buildId, string problem);
    }
}
