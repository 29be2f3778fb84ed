using System.Globalization;
using Ci.Pipeline.Image;
using Ci.Pipeline.Queue;
using Ci.Pipeline.Report;
using Ci.Pipeline.Source;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline;

/// <summary>
/// Runs a build: takes it, fetches the commit's source, builds and pushes its images, moves the tags, and records the
/// outcome. It is the one class that knows the order of the stages.
/// </summary>
public sealed partial class BuildRunner(
    BuildRecords records,
    BuildLogs logs,
    SourceStage source,
    ImageBuilder images,
    IOptions<BuildOptions> options,
    TimeProvider time,
    ILogger<BuildRunner> logger)
{
    /// <summary>
    /// Runs the build that a message asks for. Returns when it has ended, or when there is nothing to do because it
    /// ended before or another worker has it.
    /// </summary>
    /// <exception cref="Exception">Something that another try may cure; the queue brings the message again.</exception>
    public async Task RunAsync(BuildRequest request, CancellationToken cancellation)
    {
        await using var lease = await BuildLease.TakeAsync(records, request, time, cancellation);
        if (lease is null)
        {
            Log.NothingToDo(logger, request.BuildId);
            return;
        }

        Log.Started(logger, request.BuildId, request.Repository, request.PullRequest, request.Commit);
        await using var log = await logs.OpenAsync(request.BuildId, cancellation);
        try
        {
            var outcome = await BuildAsync(lease.Record, log, lease.Token);
            await FinishAsync(lease, log, outcome, cancellation);
        }
        catch (Exception e)
        {
            await GiveBackAsync(lease, log, e, cancellation);
            throw;
        }
    }

    private async Task<BuildOutcome> BuildAsync(BuildRecord record, BuildLog log, CancellationToken cancellation)
    {
        var request = record.Request;
        log.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"Build of {request.Repository} pull request #{request.PullRequest} at {Human.Commit(request.Commit)}, attempt {record.Attempts}"));
        try
        {
            var fetched = await source.FetchAsync(request, log.Line, cancellation);
            if (fetched is not SourceStageResult.Ready ready)
            {
                return fetched switch
                {
                    SourceStageResult.Empty empty => new BuildOutcome.NothingToBuild(empty.Reason),
                    SourceStageResult.Refused refused => new BuildOutcome.Failed(refused.Reason),
                    _ => throw new InvalidOperationException($"Unknown source result {fetched}."),
                };
            }

            await using var archive = ready.Archive;
            var pushed = await PublishAsync(request, ready, log, cancellation);
            return new BuildOutcome.Pushed(pushed, ready.Warnings);
        }
        catch (ImageRefusedException e)
        {
            return new BuildOutcome.Failed(e.Message);
        }
        catch (SourceRefusedException e)
        {
            return new BuildOutcome.Failed(e.Message);
        }
    }

    /// <summary>Every image is built and pushed under its commit's tag before the first moving tag is moved.</summary>
    private async Task<IReadOnlyList<PushedImage>> PublishAsync(
        BuildRequest request, SourceStageResult.Ready ready, BuildLog log, CancellationToken cancellation)
    {
        var built = new List<CommitImage>();
        foreach (var spec in ready.Images)
        {
            log.Line($"Building {spec.Name} from {spec.DockerfilePath}");
            built.Add(await images.BuildAsync(request, ready.Archive, spec, log.Output, cancellation));
        }

        var pushed = new List<PushedImage>();
        foreach (var image in built)
        {
            var tags = await images.MoveTagsAsync(request, image, cancellation);
            var repository = images.Repository(image.Spec);
            pushed.Add(new PushedImage
            {
                Name = image.Spec.Name,
                Tags = tags,
                Reference = $"{repository}:{tags[0]}",
                Digest = image.Manifest.Digest,
                Size = image.Manifest.Size,
            });
            log.Line($"Pushed {repository} as {string.Join(", ", tags)}: {image.Manifest.Digest}, {Human.Size(image.Manifest.Size)}");
        }

        return pushed;
    }

    private async Task FinishAsync(BuildLease lease, BuildLog log, BuildOutcome outcome, CancellationToken cancellation)
    {
        var (state, summary) = outcome switch
        {
            BuildOutcome.Pushed pushed => (BuildState.Succeeded, pushed.Sentence),
            BuildOutcome.NothingToBuild nothing => (BuildState.Succeeded, nothing.Reason),
            BuildOutcome.Failed failed => (BuildState.Failed, failed.Reason),
            _ => throw new InvalidOperationException($"Unknown outcome {outcome}."),
        };
        var tail = state == BuildState.Failed ? log.Tail : [];
        log.Line($"{state}: {summary}");

        // The log is stored before the state is, so that whoever sees a final state finds the log complete.
        await log.DisposeAsync();
        var recorded = await lease.EndAsync(
            r => r with
            {
                State = state,
                Summary = summary,
                FinishedAt = time.GetUtcNow(),
                Images = (outcome as BuildOutcome.Pushed)?.Images ?? [],
                Warnings = (outcome as BuildOutcome.Pushed)?.Warnings ?? [],
                LogTail = tail,
            },
            cancellation);
        if (recorded)
        {
            Log.Finished(logger, lease.Record.Id, state, summary);
        }
        else
        {
            Log.Lost(logger, lease.Record.Id);
        }
    }

    /// <summary>Hands the build back to the queue, or records that it was given up after its last attempt.</summary>
    private async Task GiveBackAsync(BuildLease lease, BuildLog log, Exception fault, CancellationToken cancellation)
    {
        var stopped = cancellation.IsCancellationRequested;
        var cause = stopped ? "The host is stopping." : fault is SourceUnavailableException or ImageUnavailableException
            ? fault.Message
            : "Something unexpected happened; the host's own log has the details.";
        var isLast = !stopped && lease.Record.Attempts >= options.Value.MaxAttempts;
        Log.Interrupted(logger, fault, lease.Record.Id, lease.Record.Attempts, cause);
        log.Line(isLast ? $"Given up after {lease.Record.Attempts} attempts: {cause}" : $"Interrupted, to be tried again: {cause}");
        var tail = log.Tail;

        // The build's own token may be the one that stopped it; the hand-over has a short time of its own.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await lease.EndAsync(
                r => isLast
                    ? r with { State = BuildState.Error, Summary = $"Given up after {r.Attempts} attempts: {cause}", FinishedAt = time.GetUtcNow(), LogTail = tail }
                    : r with { State = BuildState.Queued, Summary = $"Waiting for another try: {cause}", Attempts = stopped ? r.Attempts - 1 : r.Attempts },
                limit.Token);
            await log.DisposeAsync();
        }
        catch (Exception e) when (e is Azure.RequestFailedException or AggregateException or OperationCanceledException)
        {
            // Storage is away too; the hold runs out by itself, and the message comes again.
            Log.NotHandedBack(logger, e, lease.Record.Id);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Build {BuildId}: {Repository} pull request {PullRequest} at {Commit}")]
        public static partial void Started(ILogger logger, string buildId, string repository, int pullRequest, string commit);

        [LoggerMessage(2, LogLevel.Information, "Build {BuildId} has ended or is another worker's: nothing to do")]
        public static partial void NothingToDo(ILogger logger, string buildId);

        [LoggerMessage(3, LogLevel.Information, "Build {BuildId} {State}: {Summary}")]
        public static partial void Finished(ILogger logger, string buildId, BuildState state, string summary);

        [LoggerMessage(4, LogLevel.Warning, "Build {BuildId} is another worker's by now: its outcome is not recorded")]
        public static partial void Lost(ILogger logger, string buildId);

        [LoggerMessage(5, LogLevel.Warning, "Build {BuildId}, attempt {Attempt}: {Cause}")]
        public static partial void Interrupted(ILogger logger, Exception exception, string buildId, int attempt, string cause);

        [LoggerMessage(6, LogLevel.Warning, "Build {BuildId} could not be handed back; it is free again when its hold runs out")]
        public static partial void NotHandedBack(ILogger logger, Exception exception, string buildId);
    }
}
