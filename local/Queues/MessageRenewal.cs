using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging;

namespace Ci.Local.Queues;

/// <summary>Keeps a message hidden while it is worked on: renews it at half time, and sooner after a renewal that failed.</summary>
internal sealed partial class MessageRenewal : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _renewing;

    public MessageRenewal(QueueClient queue, QueueMessage message, TimeSpan hidden, ILogger logger)
    {
        PopReceipt = message.PopReceipt;
        _renewing = RenewAsync(queue, message, hidden, logger);
    }

    /// <summary>The newest proof that the message is ours; every renewal gives another.</summary>
    public string PopReceipt { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _renewing;
        _stop.Dispose();
    }

    private async Task RenewAsync(QueueClient queue, QueueMessage message, TimeSpan hidden, ILogger logger)
    {
        var pause = hidden / 2;
        try
        {
            while (true)
            {
                await Task.Delay(pause, _stop.Token);
                pause = await TryRenewAsync(queue, message, hidden, logger) ? hidden / 2 : Sooner(pause, hidden);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The work is done.
        }
    }

    private static TimeSpan Sooner(TimeSpan pause, TimeSpan hidden) => TimeSpan.FromTicks(Math.Max(pause.Ticks / 2, hidden.Ticks / 10));

    private async Task<bool> TryRenewAsync(QueueClient queue, QueueMessage message, TimeSpan hidden, ILogger logger)
    {
        try
        {
            // Not cancelled by the end of the work: a renewal that went out but whose receipt was dropped would lose the message.
            var receipt = await queue.UpdateMessageAsync(message.MessageId, PopReceipt, message.Body, hidden, CancellationToken.None);
            PopReceipt = receipt.Value.PopReceipt;
            return true;
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException or OperationCanceledException)
        {
            Log.NotRenewed(logger, message.MessageId, e.Sentence());
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Message {Message} could not be renewed: {Reason}")]
        public static partial void NotRenewed(ILogger logger, string message, string reason);
    }
}
