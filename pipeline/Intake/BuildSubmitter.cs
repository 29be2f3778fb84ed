using Azure;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Queue;
using Ci.Pipeline.Telemetry;
using Ci.Pipeline.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Intake;

/// <summary>Takes a build in: stores its record and its message, and only then says that it is accepted.</summary>
public sealed partial class BuildSubmitter(
    BuildAdmission admission, BuildStore store, BuildQueue queue, IOptions<BuildOptions> options, ILogger<BuildSubmitter> logger)
{
    public Task<DeliveryResult> TakeAsync(PullRequestUpdate change, CancellationToken cancellationToken) => StoringAsync(
        async limit =>
        {
            if (change.Request.Purpose == BuildPurpose.PullRequest && await IsFullAsync(change.Request, limit))
            {
                return new DeliveryResult.Refused(
                    429,
                    $"{options.Value.MaxQueued} builds of {change.Request.Repository} wait already: "
                    + "press Redeliver when some have ended, or raise Build__MaxQueued.");
            }

            var traced = change with { Request = change.Request with { Trace = BuildTelemetry.Context } };
            var admitted = await admission.AdmitAsync(traced, limit);
            if (admitted is AdmissionResult.Queued { Record: var queued })
            {
                // Of a build that is queued already, the message may be what storage did not take; a second one does no harm.
                await queue.SendAsync(queued.Request, limit);
            }

            return Answer(change.Request, admitted);
        },
        cancellationToken);

    /// <summary>Does what needs storage, within the time that GitHub leaves for it; a 503 when storage does not take it.</summary>
    public async Task<DeliveryResult> StoringAsync(Func<CancellationToken, Task<DeliveryResult>> work, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StorageOptions.TimeLimit);
        try
        {
            return await work(limit.Token);
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            Log.StorageUnavailable(logger, e);
            return new DeliveryResult.Refused(
                503,
                "Storage did not take the build, so it was not accepted: "
                + "see that Azurite (AzureWebJobsStorage) runs, then press Redeliver.");
        }
    }

    /// <summary>Whether other pull requests have as many builds waiting as may; what comes at the same moment may make it more.</summary>
    private async Task<bool> IsFullAsync(BuildRequest request, CancellationToken cancellationToken)
    {
        var waiting = await store.QueuedOfAsync(request.Repository, options.Value.MaxQueued + 1, cancellationToken);
        return waiting.Count(record => record.Request.PullRequest != request.PullRequest) >= options.Value.MaxQueued;
    }

    private static DeliveryResult Answer(BuildRequest request, AdmissionResult admitted)
    {
        var what = $"{Format.Commit(request.Commit)} of pull request #{request.PullRequest}";
        return admitted switch
        {
            AdmissionResult.Queued q when request.Purpose == BuildPurpose.Close =>
                new DeliveryResult.Done($"closed: the tag of pull request #{request.PullRequest} is removed", q.Record.Id),
            AdmissionResult.Queued { Record.Request.ApprovedBy: { } login } q =>
                new DeliveryResult.Accepted(q.Record.Id, $"queued: {what}, approved by {login}"),
            AdmissionResult.Queued q => new DeliveryResult.Accepted(q.Record.Id, $"queued: {what}"),
            AdmissionResult.Waiting w => new DeliveryResult.Done($"waiting for approval of {what}", w.Record.Id),
            AdmissionResult.Running r => new DeliveryResult.Accepted(r.Record.Id, $"already running: {what}"),
            AdmissionResult.Built { Record: { Images: { Count: > 0 } images } } b =>
                new DeliveryResult.Done(
                    $"already built as {string.Join(", ", images.Select(image => image.Reference))}: {what}", b.Record.Id),
            AdmissionResult.Built b => new DeliveryResult.Done($"already done: {b.Record.Summary}", b.Record.Id),
            AdmissionResult.Closed => new DeliveryResult.Done($"ignored: pull request #{request.PullRequest} was closed without a merge"),
            AdmissionResult.Late l => new DeliveryResult.Done(
                $"late: a newer event of pull request #{request.PullRequest} is known, at {Format.Commit(l.Newest.Commit)}", l.Record?.Id),
            _ => throw new InvalidOperationException($"Unknown result {admitted}."),
        };
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "A build could not be stored")]
        public static partial void StorageUnavailable(ILogger logger, Exception exception);
    }
}
