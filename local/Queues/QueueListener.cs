using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Ci.Local.Worker;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Ci.Local.Queues;

/// <summary>Looks into a queue, with growing pauses while it is empty and at once when something may have come, and has its
/// messages worked on.</summary>
internal sealed partial class QueueListener(
    QueueFunction function,
    Func<string, QueueClient> queues,
    FunctionsWorker worker,
    HostJson host,
    LocalHostOptions options,
    ILogger logger) : BackgroundService
{
    private const string PoisonSuffix = "-poison";

    // A fetch that is on its way at shutdown may come back with messages; cut off, it would leave them hidden for their whole time.
    private static readonly TimeSpan LastFetch = TimeSpan.FromSeconds(2);

    private readonly QueueClient _queue = queues(function.QueueName);
    private readonly MessageWorker _worker = new(
        function,
        queues(function.QueueName),
        HasPoison(function.QueueName) ? queues(function.QueueName + PoisonSuffix) : null,
        worker,
        host,
        options,
        logger);

    private readonly CancellationTokenSource _shutdown = new();
    private readonly RunningTasks _running = new();
    private TaskCompletionSource _checkNow = NewSignal();

    /// <summary>Something may have come: a pause ends at once.</summary>
    public void CheckNow() => Volatile.Read(ref _checkNow).TrySetResult();

    /// <summary>First no new messages; then some time for the running functions; then their cancellation, which brings the
    /// messages back.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await Task.WhenAny(_running.AllAsync(), Task.Delay(options.QueueTimes.ShutdownGrace, CancellationToken.None));
        await _shutdown.CancelAsync();
        await Task.WhenAny(_running.AllAsync(), Task.Delay(Timeout.Infinite, cancellationToken));
    }

    public override void Dispose()
    {
        _shutdown.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = new PollingPause(host.Queues.MaxPollingInterval);
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                // What is told from here on may have come too late for this look.
                Volatile.Write(ref _checkNow, NewSignal());
                var messages = await FetchAsync(stoppingToken);
                if (messages.Length == 0)
                {
                    await PauseAsync(pause.Next(), stoppingToken);
                    continue;
                }

                pause.Reset();
                foreach (var message in messages)
                {
                    _running.Add(() =>
                        stoppingToken.IsCancellationRequested ? ReturnAsync(message) : _worker.ProcessAsync(message, _shutdown.Token));
                }

                await _running.NoMoreThanAsync(host.Queues.NewBatchThreshold).WaitAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    // A poison queue has no poison queue of its own, and a name can be too long for one.
    private static bool HasPoison(string queue) =>
        !queue.EndsWith(PoisonSuffix, StringComparison.Ordinal) && queue.Length + PoisonSuffix.Length <= 63;

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task PauseAsync(TimeSpan pause, CancellationToken stopping)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await Task.WhenAny(Volatile.Read(ref _checkNow).Task, Task.Delay(pause, options.Time, over.Token));
        await over.CancelAsync();
        stopping.ThrowIfCancellationRequested();
    }

    private async Task<QueueMessage[]> FetchAsync(CancellationToken stopping)
    {
        using var limit = new CancellationTokenSource();
        await using var registration = stopping.Register(() => limit.CancelAfter(LastFetch));
        try
        {
            return await _queue.ReceiveMessagesAsync(host.Queues.BatchSize, options.QueueTimes.Hidden, limit.Token);
        }
        catch (RequestFailedException e) when (e.ErrorCode == QueueErrorCode.QueueNotFound)
        {
            // Whoever sends the first message creates the queue.
            return [];
        }
        catch (Exception e)
        {
            if (!stopping.IsCancellationRequested)
            {
                Log.QueueUnavailable(logger, _queue.Name, e.Sentence());
            }

            return [];
        }
    }

    private async Task ReturnAsync(QueueMessage message)
    {
        try
        {
            await _worker.ReleaseAsync(message, message.PopReceipt, TimeSpan.Zero);
        }
        catch (Exception e)
        {
            Log.QueueUnavailable(logger, _queue.Name, e.Sentence());
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Queue {Queue} cannot be reached: {Reason}")]
        public static partial void QueueUnavailable(ILogger logger, string queue, string reason);
    }
}
