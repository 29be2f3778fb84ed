using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging;

namespace Ci.Local.Queues;

/// <summary>Keeps a message hidden while it is worked on, renewing at half time.</summary>
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
        try
        {
            while (true)
            {
                await Task.Delay(_hidden / 2, _stop.Token);
                await RenewOnceAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // The work is done.
        }
    }

    private async Task RenewOnceAsync()
    {
        try
        {
            // Not cancelled by the end of the work: a renewal that went out but whose receipt was dropped would lose the message.
            var receipt = await _queue.UpdateMessageAsync(_message.MessageId, PopReceipt, _message.Body, _hidden, CancellationToken.None);
            PopReceipt = receipt.Value.PopReceipt;
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException)
        {
            Log.NotRenewed(_logger, _message.MessageId, e.Message.Split('\n')[0]);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Message {Message} could not be renewed: {Reason}")]
        public static partial void NotRenewed(ILogger logger, string message, string reason);
    }
}
