using System.Diagnostics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Ci.Local.Worker;
using Ci.Local.Worker.Protocol;
using Microsoft.Extensions.Logging;

namespace Ci.Local.Queues;

/// <summary>Sees one message through: keeps it hidden while the function runs, deletes it after success, brings it back after a
/// failure, and copies it to the poison queue when it failed too often.</summary>
internal sealed partial class MessageWorker(
    QueueFunction function,
    QueueClient queue,
    QueueClient? poison,
    FunctionsWorker worker,
    HostJson host,
    LocalHostOptions options,
    ILogger logger)
{
    private static readonly JsonSerializerOptions AsTheyAre = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Never throws. The token is cancelled when the host cannot wait for the function any longer.</summary>
    public async Task ProcessAsync(QueueMessage message, CancellationToken shutdown)
    {
        try
        {
            if (Decode(message.Body.ToString()) is not { } text)
            {
                Log.NotBase64(logger, message.MessageId, function.QueueName);
                await PoisonAsync(message, message.PopReceipt);
            }
            else if (poison is not null && message.DequeueCount > host.Queues.MaxDequeueCount)
            {
                // Its last try died with its host.
                await PoisonAsync(message, message.PopReceipt);
            }
            else
            {
                await RunAsync(message, text, shutdown);
            }
        }
        catch (Exception e)
        {
            // Whatever storage did not take, the message comes back by itself when its time is up.
            Log.QueueUnavailable(logger, function.QueueName, e.Sentence());
        }
    }

    public Task ReleaseAsync(QueueMessage message, string popReceipt, TimeSpan delay) => UnlessTakenAsync(
        () => queue.UpdateMessageAsync(message.MessageId, popReceipt, message.Body, delay, CancellationToken.None));

    private async Task RunAsync(QueueMessage message, string text, CancellationToken shutdown)
    {
        Log.Started(logger, function.Name, message.MessageId, message.DequeueCount);
        var clock = Stopwatch.StartNew();
        var renewal = new MessageRenewal(queue, message, options.QueueTimes.Hidden, logger);
        try
        {
            await using (renewal)
            {
                await CallAsync(message, text, shutdown);
            }
        }
        catch (Exception) when (shutdown.IsCancellationRequested)
        {
            // Not the message's fault, so it neither waits nor is it poisoned.
            Log.Stopped(logger, function.Name, message.MessageId);
            await ReleaseAsync(message, renewal.PopReceipt, TimeSpan.Zero);
            return;
        }
        catch (Exception e)
        {
            Log.Failed(logger, function.Name, message.MessageId, message.DequeueCount, e.Sentence());
            Log.FailedAt(logger, e, message.MessageId);
            await FailAsync(message, renewal.PopReceipt);
            return;
        }

        Log.Succeeded(logger, function.Name, message.MessageId, clock.ElapsedMilliseconds);
        await DeleteAsync(message, renewal.PopReceipt);
    }

    private async Task CallAsync(QueueMessage message, string text, CancellationToken shutdown)
    {
        var channel = await worker.ReadyAsync(shutdown);
        var call = new FunctionTimeout(function.Name, worker, channel, host, options)
            .RunAsync(cancellationToken => channel.InvokeAsync(Request(message, text), cancellationToken), shutdown);
        var cancelled = new TaskCompletionSource();
        await using var registration = shutdown.Register(cancelled.SetResult);
        if (await Task.WhenAny(call, cancelled.Task) != call)
        {
            // A function that does not heed its cancellation ends with its worker.
            await Task.WhenAny(call, Task.Delay(options.QueueTimes.CancelGrace, CancellationToken.None));
            Observe(call);
            if (!call.IsCompleted)
            {
                throw new OperationCanceledException("It did not return after its cancellation.", shutdown);
            }
        }

        await call;
    }

    private InvocationRequest Request(QueueMessage message, string text)
    {
        var request = new InvocationRequest
        {
            InvocationId = Guid.NewGuid().ToString(),
            FunctionId = function.Id,
            TraceContext = new RpcTraceContext { TraceParent = $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00" },
        };
        request.InputData.Add(new ParameterBinding { Name = function.Parameter, Data = new TypedData { String = text } });
        // As the queue extension names and writes them.
        request.TriggerMetadata.Add(new Dictionary<string, TypedData>
        {
            ["QueueTrigger"] = new() { String = text },
            ["Id"] = new() { String = message.MessageId },
            ["PopReceipt"] = new() { String = message.PopReceipt },
            ["DequeueCount"] = Json(message.DequeueCount),
            ["InsertionTime"] = Json(message.InsertedOn),
            ["ExpirationTime"] = Json(message.ExpiresOn),
            ["NextVisibleTime"] = Json(message.NextVisibleOn),
        });
        return request;
    }

    private static TypedData Json<T>(T value) => new() { Json = JsonSerializer.Serialize(value, AsTheyAre) };

    /// <summary>What a call that is left behind throws later is nobody's concern any more.</summary>
    private static void Observe(Task call) =>
        call.ContinueWith(task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    private Task FailAsync(QueueMessage message, string popReceipt)
    {
        if (poison is null)
        {
            // As in the Functions host: what fails in a poison queue stays hidden for its time, so that it is not tried in a tight loop.
            return Task.CompletedTask;
        }

        return message.DequeueCount >= host.Queues.MaxDequeueCount
            ? PoisonAsync(message, popReceipt)
            : ReleaseAsync(message, popReceipt, host.Queues.VisibilityTimeout);
    }

    private async Task PoisonAsync(QueueMessage message, string popReceipt)
    {
        if (poison is null)
        {
            return;
        }

        try
        {
            await poison.SendMessageAsync(message.Body, cancellationToken: CancellationToken.None);
        }
        catch (RequestFailedException e) when (e.ErrorCode == QueueErrorCode.QueueNotFound)
        {
            await poison.CreateIfNotExistsAsync(cancellationToken: CancellationToken.None);
            await poison.SendMessageAsync(message.Body, cancellationToken: CancellationToken.None);
        }

        Log.Poisoned(logger, message.MessageId, poison.Name);
        await DeleteAsync(message, popReceipt);
    }

    private Task DeleteAsync(QueueMessage message, string popReceipt) =>
        UnlessTakenAsync(() => queue.DeleteMessageAsync(message.MessageId, popReceipt, CancellationToken.None));

    /// <summary>When another host has taken the message over, or somebody deleted it, there is nothing left to do.</summary>
    private static async Task UnlessTakenAsync(Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (RequestFailedException e) when (e.Status is 400 or 404)
        {
        }
    }

    private string? Decode(string text)
    {
        if (host.Queues.MessageEncoding == MessageEncoding.None)
        {
            return text;
        }

        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length) : null;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Function} started on message {Message}, try {Try}")]
        public static partial void Started(ILogger logger, string function, string message, long @try);

        [LoggerMessage(2, LogLevel.Information, "{Function} succeeded on message {Message} in {Milliseconds} ms")]
        public static partial void Succeeded(ILogger logger, string function, string message, long milliseconds);

        [LoggerMessage(3, LogLevel.Error, "{Function} failed on message {Message}, try {Try}: {Reason}")]
        public static partial void Failed(ILogger logger, string function, string message, long @try, string reason);

        [LoggerMessage(8, LogLevel.Debug, "Where message {Message} failed")]
        public static partial void FailedAt(ILogger logger, Exception exception, string message);

        [LoggerMessage(4, LogLevel.Warning, "{Function} was stopped with the host; message {Message} is back in its queue")]
        public static partial void Stopped(ILogger logger, string function, string message);

        [LoggerMessage(5, LogLevel.Error, "Message {Message} is now in queue {Poison}")]
        public static partial void Poisoned(ILogger logger, string message, string poison);

        [LoggerMessage(
            6,
            LogLevel.Warning,
            "Message {Message} in queue {Queue} is not base64, but host.json's extensions.queues.messageEncoding says that messages are")]
        public static partial void NotBase64(ILogger logger, string message, string queue);

        [LoggerMessage(7, LogLevel.Warning, "Queue {Queue} cannot be reached: {Reason}")]
        public static partial void QueueUnavailable(ILogger logger, string queue, string reason);
    }
}
