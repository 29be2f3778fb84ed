using Azure;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Docker.Cleanup;
using Ci.Pipeline.Queue;
using Ci.Pipeline.Reporting;
using Ci.Pipeline.Source;
using Ci.Pipeline.Source.Archive;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Worker;

/// <summary>Takes up what others left: builds whose worker died, builds whose message was lost before it was stored, ends that
/// GitHub was not told of, and what no build needs any more on the engine's disk. It looks when the host starts and every few
/// seconds after; several hosts may do so at once.</summary>
internal sealed partial class Reconciler(
    BuildStore store,
    BuildQueue queue,
    BuildNotifier notifier,
    QueuePositionReporter line,
    EngineCleanup cleanup,
    IOptions<SourceOptions> source,
    TimeProvider time,
    ILogger<Reconciler> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(3);

    // Where thousands of builds wait, a look takes long: it is not to keep storage busy.
    private const int TimesItsLength = 10;
    private static readonly TimeSpan LongestInterval = TimeSpan.FromMinutes(1);

    // A message is stored within StorageOptions.TimeLimit of its record, so after this it is not coming any more.
    private static readonly TimeSpan MessagePatience = TimeSpan.FromSeconds(20);

    // A queue that is never empty hides that one message is missing; one too many does no harm.
    private static readonly TimeSpan BusyPatience = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan PruneInterval = TimeSpan.FromHours(1);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(30);

    private DateTimeOffset _prunedAt = DateTimeOffset.MinValue;
    private DateTimeOffset _swept = DateTimeOffset.MinValue;
    private string? _problem;

    /// <summary>Looks once.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        var active = await store.ActiveAsync(cancellationToken);
        foreach (var record in active)
        {
            if (!record.IsHeld(time.GetUtcNow()))
            {
                await LookAsync(record, cancellationToken);
            }
        }

        await line.TellAsync(active, cancellationToken);
    }

    private async Task LookAsync(Build record, CancellationToken cancellationToken)
    {
        try
        {
            if (record.IsFinal)
            {
                await ReleaseAsync(record, cancellationToken);
                await notifier.NotifyCompletedAsync(record.Id, cancellationToken);
            }
            else if (record.State == BuildState.Running || await IsForgottenAsync(record, cancellationToken))
            {
                await TakeUpAsync(record, cancellationToken);
            }
        }
        catch (ImageUnavailableException e)
        {
            // The engine is away: what is to be removed from it waits, and the other builds do not.
            Tell(e.Message);
        }
    }

    /// <summary>Says what keeps it from looking, but not every few seconds.</summary>
    private void Tell(string problem)
    {
        if (problem != _problem)
        {
            Log.Waits(logger, problem);
            _problem = problem;
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        TimeSpan took;
        do
        {
            took = TimeSpan.Zero;
            try
            {
                var start = time.GetTimestamp();
                await LookAsync(stoppingToken);
                took = time.GetElapsedTime(start);
                await PruneAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is ImageUnavailableException or RequestFailedException or AggregateException
                or OperationCanceledException)
            {
                Tell(e.Message.Split('\n')[0]);
            }
            catch (Exception e)
            {
                // Whatever it was, the next look may fare better.
                Log.CouldNotLook(logger, e);
            }
        }
        while (await WaitAsync(took, stoppingToken));
    }

    private async Task<bool> WaitAsync(TimeSpan took, CancellationToken cancellationToken)
    {
        try
        {
            var pause = Math.Clamp(took.Ticks * TimesItsLength, Interval.Ticks, LongestInterval.Ticks);
            await Task.Delay(TimeSpan.FromTicks(pause), time, cancellationToken);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>The worker that was to let go of a build that was ended from outside died before it did.</summary>
    private async Task ReleaseAsync(Build record, CancellationToken cancellationToken)
    {
        if (record.Owner is not null)
        {
            await cleanup.ForgetAsync(record.Id, record.Request.Commit, cancellationToken);
            await store.UpdateAsync(record.Id, r => r.Owner == record.Owner ? r.Released() : null, cancellationToken);
        }
    }

    private async Task<bool> IsOverAsync(string id, CancellationToken cancellationToken) =>
        await store.FindAsync(id, cancellationToken) is { IsFinal: true } record && !record.IsHeld(time.GetUtcNow());

    private async Task PruneAsync(CancellationToken cancellationToken)
    {
        if (time.GetUtcNow() - _swept >= SweepInterval)
        {
            _swept = time.GetUtcNow();
            SourceArchive.Sweep(source.Value, _swept);
            await cleanup.SweepEndedAsync(id => IsOverAsync(id, cancellationToken), cancellationToken);
            var active = await store.ActiveAsync(cancellationToken);
            await cleanup.SweepNamesAsync(active.Select(record => record.Request.Commit), cancellationToken);
        }

        if (time.GetUtcNow() - _prunedAt < PruneInterval)
        {
            return;
        }

        _prunedAt = time.GetUtcNow();
        if (await cleanup.PruneAsync(cancellationToken) is > 0 and var count)
        {
            Log.MadeRoom(logger, count);
        }
    }

    private async Task<bool> IsForgottenAsync(Build record, CancellationToken cancellationToken)
    {
        var since = new[] { record.SentAt, record.NotBefore, record.Request.QueuedAt }.Max();
        var waited = time.GetUtcNow() - since;
        return waited > BusyPatience || (waited > MessagePatience && await queue.IsEmptyAsync(cancellationToken));
    }

    /// <summary>Puts the build's message onto the queue anew; of several hosts that look, one does.</summary>
    private async Task TakeUpAsync(Build record, CancellationToken cancellationToken)
    {
        var taken = await store.UpdateAsync(
            record.Id,
            r => r.State == record.State && r.Owner == record.Owner && r.SentAt == record.SentAt && !r.IsHeld(time.GetUtcNow())
                ? r.Released() with
                {
                    State = BuildState.Queued,
                    Summary = r.State == BuildState.Running ? "Waiting: the worker that built it died." : r.Summary,
                    SentAt = time.GetUtcNow(),
                }
                : null,
            cancellationToken);
        if (taken is not null)
        {
            await queue.SendAsync(taken.Request, cancellationToken);
            Log.TakenUp(logger, record.Id, record.State);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Build {BuildId} was {State}, and nobody was at it: it is taken up again")]
        public static partial void TakenUp(ILogger logger, string buildId, BuildState state);

        [LoggerMessage(
            3,
            LogLevel.Information,
            "Removed {Count} images of earlier builds from the engine: "
            + "they were older or more than Docker__KeepImages and Docker__MaxImageBytes allow")]
        public static partial void MadeRoom(ILogger logger, int count);

        [LoggerMessage(4, LogLevel.Warning, "What earlier builds left cannot be looked after now: {Problem}")]
        public static partial void Waits(ILogger logger, string problem);

        [LoggerMessage(2, LogLevel.Error, "It could not be seen whether a build was left by its worker; it is looked again")]
        public static partial void CouldNotLook(ILogger logger, Exception exception);
    }
}
