using System.Text;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Queue;

public sealed record PoisonMessage
{
    public required string Id { get; init; }

    public DateTimeOffset? InsertedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public BuildRequest? Request { get; init; }

    public string? Problem { get; init; }

    /// <summary>Its text; decoded where it is base64, otherwise as it is.</summary>
    public required string Text { get; init; }
}

/// <summary>Queue <c>builds-poison</c>: the messages that the Functions host gave up after <c>maxDequeueCount</c> tries, or could not
/// decode. They stay there, seen by every Azure Storage client, until they are replayed or the queue drops them.</summary>
public sealed class PoisonQueue(IOptions<StorageOptions> options)
{
    public const string QueueName = BuildQueue.Name + "-poison";

    /// <summary>How many can be looked at: Azure Storage shows 32 messages of a queue at most ("Peek Messages").</summary>
    public const int Most = 32;

    private static readonly TimeSpan ReplayTime = TimeSpan.FromSeconds(10);

    // What is not base64 is to be shown too, so nothing is decoded on the way.
    private readonly QueueClient _poison = new(
        options.Value.ConnectionString,
        QueueName,
        new QueueClientOptions { MessageEncoding = QueueMessageEncoding.None }.WithPatienceOf(options.Value));

    public async Task<(IReadOnlyList<PoisonMessage> Letters, int Count)> ListAsync(CancellationToken cancellationToken)
    {
        try
        {
            var peeked = await _poison.PeekMessagesAsync(Most, cancellationToken);
            var count = (await _poison.GetPropertiesAsync(cancellationToken)).Value.ApproximateMessagesCount;
            return ([.. peeked.Value.Select(m => Read(m.MessageId, m.InsertedOn, m.ExpiresOn, m.Body))], count);
        }
        catch (RequestFailedException e) when (e.ErrorCode == QueueErrorCode.QueueNotFound)
        {
            return ([], 0);
        }
    }

    /// <summary>Takes one out for <paramref name="replay"/>, which says whether it was replayed; only then it is removed. Null when
    /// there is none of that id.</summary>
    public async Task<PoisonMessage?> TakeAsync(string id, Func<PoisonMessage, Task<bool>> replay, CancellationToken cancellationToken)
    {
        var others = new List<QueueMessage>();
        try
        {
            while ((await _poison.ReceiveMessagesAsync(Most, ReplayTime, cancellationToken)).Value is { Length: > 0 } messages)
            {
                others.AddRange(messages.Where(m => m.MessageId != id));
                if (messages.FirstOrDefault(m => m.MessageId == id) is { } found)
                {
                    return await TakeAsync(found, replay, others, cancellationToken);
                }
            }
        }
        catch (RequestFailedException e) when (e.ErrorCode == QueueErrorCode.QueueNotFound)
        {
            return null;
        }
        finally
        {
            await ShowAgainAsync(others);
        }

        return null;
    }

    private async Task<PoisonMessage> TakeAsync(
        QueueMessage message, Func<PoisonMessage, Task<bool>> replay, List<QueueMessage> others, CancellationToken cancellationToken)
    {
        var letter = Read(message.MessageId, message.InsertedOn, message.ExpiresOn, message.Body);
        if (await replay(letter))
        {
            await _poison.DeleteMessageAsync(message.MessageId, message.PopReceipt, cancellationToken);
        }
        else
        {
            others.Add(message);
        }

        return letter;
    }

    /// <summary>Looking for one hides the others; they would come back by themselves, but later.</summary>
    private async Task ShowAgainAsync(List<QueueMessage> messages)
    {
        foreach (var message in messages)
        {
            try
            {
                await _poison.UpdateMessageAsync(
                    message.MessageId, message.PopReceipt, (string?)null, TimeSpan.Zero, CancellationToken.None);
            }
            catch (RequestFailedException)
            {
                // It is visible again already, and somebody else has it.
            }
        }
    }

    private static PoisonMessage Read(string id, DateTimeOffset? inserted, DateTimeOffset? expires, BinaryData body)
    {
        var raw = body.ToString();
        var letter = new PoisonMessage { Id = id, InsertedAt = inserted, ExpiresAt = expires, Text = raw };
        if (Decode(raw) is not { } text)
        {
            return letter with
            {
                Problem = "It is not base64, which the queue's messages are (messageEncoding in host.json): "
                    + "something else than this program wrote it.",
            };
        }

        try
        {
            return letter with { Text = text, Request = BuildRequest.Parse(text) };
        }
        catch (UnreadableMessageException e)
        {
            return letter with { Text = text, Problem = e.Message };
        }
    }

    private static string? Decode(string raw)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(Convert.FromBase64String(raw));
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            return null;
        }
    }
}
