using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging;

namespace Ci.Local.Queues;

/// <summary>Keeps a message hidden while it is worked on: renews it at half time, and sooner after a renewal that failed.</summary>
internal sealed partial class MessageHold : IAsyncDisposable
{
    private readonly QueueClient _queue;
    private readonly QueueMessage _message;
    private readonly TimeSpan _hidden;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _renewing;

    public MessageHold(QueueClient queue, QueueMessage message, TimeSpan hidden, ILogger logger)
    {
        _queue = queue;
        _message = message;
        _hidden = hidden;
        _logger = logger;
        PopReceipt = message.PopReceipt;
        _renewing = RenewAsync();
    }

    /// <summary>The newest proof that the message is ours; every renewal gives another.</summary>
    public string PopReceipt { get; private set; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _renewing;
        _stop.Dispose();
    }

    private async Task RenewAsync()
    {
        var pause = _hidden / 2;
        try
        {
            do
            {
                await Task.Delay(pause, _stop.Token);
                pause = await RenewOnceAsync() ? _hidden / 2 : TimeSpan.FromTicks(Math.Max(pause.Ticks / 2, _hidden.Ticks / 10));
            }
            while (true);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The work is done.
        }
    }

    private async Task<bool> RenewOnceAsync()
    {
        try
        {
            // Not cancelled by the end of the work: a renewal that went out but whose receipt was dropped would lose the message.
            var receipt = await _queue.UpdateMessageAsync(_message.MessageId, PopReceipt, _message.Body, _hidden, CancellationToken.None);
            PopReceipt = receipt.Value.PopReceipt;
            return true;
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException or OperationCanceledException)
        {
            Log.NotRenewed(_logger, _message.MessageId, e.Message.Split('\n')[0]);
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Message {Message} could not be renewed: {Reason}")]
        public static partial void NotRenewed(ILogger logger, string message, string reason);
    }
}
