using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.GitHub;
using Ci.Pipeline.Queue;
using Ci.Pipeline.Reporting;
using Ci.Pipeline.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Worker;

/// <summary>What becomes of a build whose worker did not bring it to an end: another try, another host, or its end as an error.</summary>
public sealed partial class BuildRetry(
    BuildQueue queue,
    BuildNotifier notifier,
    SecretMask mask,
    IOptions<BuildOptions> options,
    TimeProvider time,
    ILogger<BuildRetry> logger)
{
    // A wait that GitHub asks for is not waited out by a worker when it is longer than the queue's own delay.
    private static readonly TimeSpan LongWait = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    /// <summary>Lets go of a build that did not end: it was stopped from outside, or something failed that another try may cure.
    /// False when nothing is to be tried again with this message.</summary>
    public async Task<bool> HandleFailureAsync(BuildLease lease, BuildLog log, Exception fault, CancellationToken cancellationToken)
    {
        // The build's own token may be the one that stopped it; the hand-over has a short time of its own.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            if (lease.IsLost)
            {
                Log.Stopped(logger, lease.Record.Id);
                log.Line("Stopped: the build was ended from outside, or is another worker's by now.");
                await log.DisposeAsync();
                await lease.EndAsync(record => record, limit.Token);
                return false;
            }

            return cancellationToken.IsCancellationRequested
                ? await HandOverAsync(lease, log, limit.Token)
                : await TryAgainAsync(lease, log, fault, limit.Token);
        }
        catch (Exception e) when (e is Azure.RequestFailedException or AggregateException or OperationCanceledException)
        {
            // Storage is away too; the hold runs out by itself, and the build is taken up again.
            Log.NotHandedBack(logger, e, lease.Record.Id);
            return !lease.IsLost;
        }
    }

    /// <summary>This host stops: another one begins at once, and this try does not count. A message of its own sees to that, for
    /// the one that is being worked on may stay hidden for minutes after its host has ended.</summary>
    private async Task<bool> HandOverAsync(BuildLease lease, BuildLog log, CancellationToken cancellationToken)
    {
        Log.HandedOver(logger, lease.Record.Id);
        log.Line("Interrupted: the host is stopping. The build begins anew.");
        await log.DisposeAsync();
        await queue.SendAsync(lease.Record.Request, cancellationToken);
        await lease.EndAsync(
            r => r with { State = BuildState.Queued, Summary = "Waiting: the host that built it was stopped.", Attempts = r.Attempts - 1 },
            cancellationToken);
        return false;
    }

    private async Task<bool> TryAgainAsync(BuildLease lease, BuildLog log, Exception fault, CancellationToken cancellationToken)
    {
        // What is known needs no stack trace.
        var isKnown = fault is GitHubException or SourceUnavailableException or ImageUnavailableException or ImageRefusedException;
        var cause = isKnown ? mask.Hide(fault.Message) : "Something unexpected happened; the host's own log has the details.";
        Log.Interrupted(logger, isKnown ? null : fault, lease.Record.Id, lease.Record.Attempts, cause);
        if (fault is GitHubUnavailableException { RetryAfter: { } wait } && wait > LongWait)
        {
            await WaitAsync(lease, log, wait < LongestWait ? wait : LongestWait, cause, cancellationToken);
            return false;
        }

        var isLast = lease.Record.Attempts >= options.Value.MaxAttempts;
        var sentence = isLast ? $"Given up after {lease.Record.Attempts} attempts: {cause}" : $"Waiting for another try: {cause}";
        log.Line(sentence);
        var tail = log.Tail;
        await log.DisposeAsync();
        await lease.EndAsync(
            r => isLast
                ? r with { State = BuildState.Error, Summary = sentence, FinishedAt = time.GetUtcNow(), LogTail = tail }
                : r with
                {
                    State = BuildState.Queued,
                    Summary = sentence,
                    SentAt = time.GetUtcNow(),
                    UnconfirmedFailure = (fault as ImageRefusedException)?.Message,
                },
            cancellationToken);
        if (isLast)
        {
            await notifier.NotifyCompletedAsync(lease.Record.Id, cancellationToken);
        }

        return true;
    }

    /// <summary>GitHub asked for time: a message of its own comes when that has passed, and this try does not count.</summary>
    private async Task WaitAsync(BuildLease lease, BuildLog log, TimeSpan wait, string cause, CancellationToken cancellationToken)
    {
        var sentence = $"Waiting {Format.Duration(wait)}, as GitHub asks: {cause}";
        log.Line(sentence);
        await log.DisposeAsync();
        await queue.SendAsync(lease.Record.Request, cancellationToken, wait);
        await lease.EndAsync(
            r => r with
            {
                State = BuildState.Queued,
                Summary = sentence,
                NotBefore = time.GetUtcNow() + wait,
                SentAt = time.GetUtcNow(),
                Attempts = r.Attempts - 1,
            },
            cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Build {BuildId}, attempt {Attempt}: {Cause}")]
        public static partial void Interrupted(ILogger logger, Exception? exception, string buildId, int attempt, string cause);

        [LoggerMessage(2, LogLevel.Warning, "Build {BuildId} could not be handed back; it is free again when its hold runs out")]
        public static partial void NotHandedBack(ILogger logger, Exception exception, string buildId);

        [LoggerMessage(3, LogLevel.Information, "Build {BuildId} is handed over: this host stops")]
        public static partial void HandedOver(ILogger logger, string buildId);

        [LoggerMessage(4, LogLevel.Information, "Build {BuildId} was ended from outside, or is another worker's by now: it is left")]
        public static partial void Stopped(ILogger logger, string buildId);
    }
}
