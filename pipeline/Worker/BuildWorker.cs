using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Reporting;
using Ci.Pipeline.Source;
using Ci.Pipeline.Telemetry;
using Ci.Pipeline.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Worker;

/// <summary>Runs a build: waits for its turn, takes it, has its work done within its time, and records the outcome and tells
/// GitHub. Whatever dies meanwhile, somebody else can take it up again.</summary>
public sealed partial class BuildWorker(
    BuildScheduler scheduler,
    BuildStore store,
    BuildLogs logs,
    BuildJob job,
    BuildRetry retry,
    CommitStatuses statuses,
    BuildNotifier notifier,
    SecretMask mask,
    IOptions<BuildOptions> options,
    TimeProvider time,
    ILogger<BuildWorker> logger)
{
    /// <summary>Runs the build that a message asks for. Returns when it has ended, or when there is nothing to do because it
    /// ended before or another worker has it.</summary>
    /// <exception cref="Exception">Something that another try may cure; the queue brings the message again.</exception>
    public async Task RunAsync(BuildRequest request, CancellationToken cancellationToken)
    {
        var turn = await scheduler.WaitAsync(request, cancellationToken);
        if (turn == Turn.AfterOthers)
        {
            await scheduler.StepBackAsync(request, cancellationToken);
            Log.StepsBack(logger, request.BuildId, request.Repository);
            return;
        }

        await using var lease = turn == Turn.Now ? await BuildLease.TakeAsync(store, request, time, cancellationToken) : null;
        if (lease is null)
        {
            Log.NothingToDo(logger, request.BuildId);
            return;
        }

        using var span = BuildTelemetry.Build(lease.Record);
        Log.Started(logger, request.BuildId, request.Repository, request.PullRequest, Format.Commit(request.Commit));
        await RunHeldAsync(lease, cancellationToken);
        if (await store.FindAsync(request.BuildId, cancellationToken) is { IsFinal: true } ended)
        {
            BuildTelemetry.Ended(span, ended);
        }

        await notifier.NotifyCompletedAsync(request.BuildId, cancellationToken);
    }

    private async Task RunHeldAsync(BuildLease lease, CancellationToken cancellationToken)
    {
        using var deadline = new BuildDeadline(options.Value, time, lease.Token);
        await using var log = await logs.OpenAsync(lease.Record.Id, deadline.ReportActivity, cancellationToken);
        if (BuildTelemetry.TraceId is { } trace)
        {
            log.Line($"Trace {trace}");
        }

        var request = lease.Record.Request;
        lease.Began = stage => Log.Stage(logger, request.BuildId, request.Repository, request.PullRequest, StatusText.Running(stage, null));
        log.Steps.Began = step => Log.Progress(
            logger, request.BuildId, request.Repository, request.PullRequest, step.Image, step.Place, mask.Hide(step.Instruction));
        // It ends before the build does: what is told of the end must be the last that GitHub hears.
        await using var telling = statuses.Follow(lease, log.Steps, cancellationToken);
        try
        {
            var outcome = await DecideOutcomeAsync(lease, deadline, log);
            await telling.DisposeAsync();
            await FinishAsync(lease, log, outcome, cancellationToken);
        }
        catch (Exception e)
        {
            await telling.DisposeAsync();
            if (await retry.HandleFailureAsync(lease, log, e, cancellationToken))
            {
                throw;
            }
        }
    }

    /// <summary>Does the work; what no retry can cure is an outcome.</summary>
    private async Task<BuildOutcome> DecideOutcomeAsync(BuildLease lease, BuildDeadline deadline, BuildLog log)
    {
        try
        {
            if (lease.Record.Attempts > options.Value.MaxAttempts)
            {
                return new BuildOutcome.InfrastructureError(
                    $"Given up: its worker died {options.Value.MaxAttempts} times while it was built.");
            }

            return await job.RunAsync(lease, log, deadline.Token);
        }
        catch (Exception) when (deadline.Reason is not null && !lease.Token.IsCancellationRequested)
        {
            return new BuildOutcome.Failed(deadline.Reason);
        }
        catch (SourceRefusedException e)
        {
            return new BuildOutcome.Failed(e.Message);
        }
        catch (ImageRefusedException e) when (e.IsCertain || e.Message == lease.Record.UnconfirmedFailure)
        {
            return new BuildOutcome.Failed(e.Message, e.Image, e.Step);
        }
        catch (DiskFullException e)
        {
            return new BuildOutcome.InfrastructureError(e.Message);
        }
    }

    private async Task FinishAsync(BuildLease lease, BuildLog log, BuildOutcome outcome, CancellationToken cancellationToken)
    {
        var (state, summary) = outcome switch
        {
            BuildOutcome.Pushed pushed => (BuildState.Succeeded, pushed.Sentence),
            BuildOutcome.Skipped nothing => (BuildState.Succeeded, nothing.Reason),
            BuildOutcome.Failed failed => (BuildState.Failed, failed.Reason),
            BuildOutcome.InfrastructureError broken => (BuildState.Error, broken.Reason),
            _ => throw new InvalidOperationException($"Unknown outcome {outcome}."),
        };
        summary = mask.Hide(summary);
        var tail = state == BuildState.Succeeded ? [] : log.Tail;
        log.Begin(StageKind.End);
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
                Cache = new CacheUse(log.Steps.Cached, log.Steps.Count),
                FailedImage = (outcome as BuildOutcome.Failed)?.Image,
                FailedStep = Hide((outcome as BuildOutcome.Failed)?.Step),
            },
            cancellationToken);
        if (recorded)
        {
            var request = lease.Record.Request;
            if (state == BuildState.Succeeded)
            {
                Log.Succeeded(logger, request.BuildId, request.Repository, request.PullRequest, summary);
            }
            else
            {
                Log.Failed(logger, request.BuildId, request.Repository, request.PullRequest, state, summary);
            }
        }
        else
        {
            Log.Stopped(logger, lease.Record.Id);
        }
    }

    private FailedStep? Hide(FailedStep? step) => step is null ? null : step with
    {
        Instruction = step.Instruction is null ? null : mask.Hide(step.Instruction),
        Reason = mask.Hide(step.Reason),
    };

    private static partial class Log
    {
        // Of what a worker logs the hosts print the message alone, so that it names the pull request; the build's id is among the values.
        [LoggerMessage(1, LogLevel.Information, "{Repository}#{PullRequest}  Begins with {Commit}, build {BuildId}")]
        public static partial void Started(ILogger logger, string buildId, string repository, int pullRequest, string commit);

        [LoggerMessage(6, LogLevel.Information, "{Repository}#{PullRequest}  {Words}")]
        public static partial void Stage(ILogger logger, string buildId, string repository, int pullRequest, string words);

        [LoggerMessage(7, LogLevel.Debug, "{Repository}#{PullRequest}  Building {Image}, step {Step}: {Instruction}")]
        public static partial void Progress(
            ILogger logger, string buildId, string repository, int pullRequest, string? image, string step, string instruction);

        [LoggerMessage(2, LogLevel.Information, "Build {BuildId} has ended, is another worker's, or has no record: nothing to do")]
        public static partial void NothingToDo(ILogger logger, string buildId);

        [LoggerMessage(3, LogLevel.Information, "{Repository}#{PullRequest}  ✓ {Summary}")]
        public static partial void Succeeded(ILogger logger, string buildId, string repository, int pullRequest, string summary);

        [LoggerMessage(8, LogLevel.Information, "{Repository}#{PullRequest}  ✗ {Summary}")]
        public static partial void Failed(
            ILogger logger, string buildId, string repository, int pullRequest, BuildState state, string summary);

        [LoggerMessage(4, LogLevel.Information, "Build {BuildId} was ended from outside, or is another worker's by now: it is left")]
        public static partial void Stopped(ILogger logger, string buildId);

        [LoggerMessage(5, LogLevel.Information, "Build {BuildId} steps back: another repository than {Repository} has waited")]
        public static partial void StepsBack(ILogger logger, string buildId, string repository);
    }
}
