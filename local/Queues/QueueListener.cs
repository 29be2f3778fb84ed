using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Ci.Local.Queues;

/// <summary>The times that the Functions host has fixed; tests make them shorter.</summary>
public sealed record QueueTimes
{
    /// <summary>How long a message is hidden while it is worked on; it is renewed at half time.</summary>
    public TimeSpan Hidden { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long running functions may go on when the host is to stop.</summary>
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>
/// Runs a queue-triggered function: looks into the queue with growing pauses, keeps messages hidden while they are
/// worked on, brings them back after a failure, and copies those that failed too often to the poison queue.
/// </summary>
internal sealed partial class QueueListener : BackgroundService
{
    private readonly QueueFunction _function;
    private readonly QueueSettings _settings;
    private readonly QueueTimes _times;
    private readonly TimeSpan? _timeout;
    private readonly IServiceProvider _services;
    private readonly ILogger _logger;
    private readonly QueueClient _queue;
    private readonly QueueClient _poison;
    private readonly CancellationTokenSource _functions = new();
    private readonly HashSet<Task> _running = [];

    public QueueListener(
        QueueFunction function, string connectionString, HostJson host, QueueTimes times, IServiceProvider services, ILogger logger)
    {
        _function = function;
        _settings = host.Queues;
        _timeout = host.FunctionTimeout;
        _times = times;
        _services = services;
        _logger = logger;

        // Texts are decoded here, so that one that is not base64 can be copied to the poison queue as it is.
        var options = new QueueClientOptions { MessageEncoding = QueueMessageEncoding.None };
        _queue = new QueueClient(connectionString, function.QueueName, options);
        _poison = new QueueClient(connectionString, function.QueueName + "-poison", options);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // First no new messages; then some time for the running ones; then their cancellation, which brings the messages back.
        await base.StopAsync(CancellationToken.None);
        var running = Task.WhenAll(_running.ToArray());
        await Task.WhenAny(running, Task.Delay(_times.ShutdownGrace, CancellationToken.None));
        await _functions.CancelAsync();
        await running;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _functions.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = new PollingPause(_settings.MaxPollingInterval);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var messages = await FetchAsync(stoppingToken);
                foreach (var message in messages)
                {
                    Start(message);
                }

                if (messages.Length == 0)
                {
                    await Task.Delay(pause.Longer(), stoppingToken);
                }
                else
                {
                    pause.Reset();
                    await WaitForRoomAsync(stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task<QueueMessage[]> FetchAsync(CancellationToken cancellation)
    {
        try
        {
            return await _queue.ReceiveMessagesAsync(_settings.BatchSize, _times.Hidden, cancellation);
        }
        catch (RequestFailedException e) when (e.ErrorCode == QueueErrorCode.QueueNotFound)
        {
            // Whoever sends the first message creates the queue.
            return [];
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException)
        {
            Log.QueueUnavailable(_logger, _function.QueueName, e.Message.Split('\n')[0]);
            return [];
        }
    }

    private void Start(QueueMessage message)
    {
        var run = Task.Run(() => RunAsync(message), CancellationToken.None);
        lock (_running)
        {
            _running.Add(run);
        }

        run.ContinueWith(
            done =>
            {
                lock (_running)
                {
                    _running.Remove(done);
                }
            },
            TaskScheduler.Default);
    }

    /// <summary>The next batch is fetched when no more than the threshold still run.</summary>
    private async Task WaitForRoomAsync(CancellationToken cancellation)
    {
        while (true)
        {
            Task[] running;
            lock (_running)
            {
                running = [.. _running.Where(task => !task.IsCompleted)];
            }

            if (running.Length <= _settings.NewBatchThreshold)
            {
                return;
            }

            await Task.WhenAny(running).WaitAsync(cancellation);
        }
    }

    private async Task RunAsync(QueueMessage message)
    {
        var hold = new MessageHold(_queue, message, _times.Hidden, _logger);
        try
        {
            await using (hold)
            {
                await InvokeAsync(message);
            }

            await _queue.DeleteMessageAsync(message.MessageId, hold.PopReceipt, CancellationToken.None);
        }
        catch (Exception e)
        {
            await FailAsync(message, hold, e);
        }
    }

    private async Task InvokeAsync(QueueMessage message)
    {
        if (Decode(message.Body.ToString()) is not { } text)
        {
            throw new FormatException("The message is not base64, but host.json's messageEncoding says that messages are.");
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_functions.Token);
        if (_timeout is { } timeout)
        {
            limit.CancelAfter(timeout);
        }

        await FunctionInvoker.InvokeAsync(_function, _services, text, limit.Token);
    }

    private string? Decode(string text)
    {
        if (_settings.MessageEncoding == MessageEncoding.None)
        {
            return text;
        }

        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) ? System.Text.Encoding.UTF8.GetString(bytes, 0, length) : null;
    }

    private async Task FailAsync(QueueMessage message, MessageHold hold, Exception fault)
    {
        var stopped = _functions.IsCancellationRequested;
        Log.Failed(_logger, stopped ? null : fault, _function.Name, message.MessageId, message.DequeueCount);
        try
        {
            if (message.DequeueCount >= _settings.MaxDequeueCount && !stopped)
            {
                await CopyToPoisonAsync(message);
                await _queue.DeleteMessageAsync(message.MessageId, hold.PopReceipt, CancellationToken.None);
                Log.Poisoned(_logger, _function.Name, message.MessageId, _poison.Name);
                return;
            }

            var delay = stopped ? TimeSpan.Zero : _settings.VisibilityTimeout;
            await _queue.UpdateMessageAsync(message.MessageId, hold.PopReceipt, message.Body, delay, CancellationToken.None);
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException)
        {
            // The message comes back by itself when its time is up.
            Log.QueueUnavailable(_logger, _function.QueueName, e.Message.Split('\n')[0]);
        }
    }

    private async Task CopyToPoisonAsync(QueueMessage message)
    {
        try
        {
            await _poison.SendMessageAsync(message.Body, cancellationToken: CancellationToken.None);
        }
        catch (RequestFailedException e) when (e.ErrorCode == QueueErrorCode.QueueNotFound)
        {
            await _poison.CreateIfNotExistsAsync(cancellationToken: CancellationToken.None);
            await _poison.SendMessageAsync(message.Body, cancellationToken: CancellationToken.None);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Function {Function} failed on message {Message}, try {Try}")]
        public static partial void Failed(ILogger logger, Exception? exception, string function, string message, long @try);

        [LoggerMessage(2, LogLevel.Error, "Function {Function} failed too often: message {Message} is now in queue {Poison}")]
        public static partial void Poisoned(ILogger logger, string function, string message, string poison);

        [LoggerMessage(3, LogLevel.Warning, "Queue {Queue} cannot be reached: {Reason}")]
        public static partial void QueueUnavailable(ILogger logger, string queue, string reason);
    }
}
