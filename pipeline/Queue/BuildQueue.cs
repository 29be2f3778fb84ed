using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Queue;

public sealed class BuildQueue(IOptions<StorageOptions> options)
{
    /// <summary>The queue's name; the queue trigger and Azure Storage Explorer know it by this.</summary>
    public const string Name = "builds";

    // Base64 is what the Functions host decodes by default ("messageEncoding" in host.json).
    private readonly QueueClient _queue = new(
        options.Value.ConnectionString,
        Name,
        new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 }.WithPatienceOf(options.Value));

    public Task CreateAsync(CancellationToken cancellationToken) => _queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);

    /// <summary>Stores the message, to be seen by workers after <paramref name="delay"/>, seven days at most; when this returns,
    /// it is on disk.</summary>
    public async Task SendAsync(BuildRequest request, CancellationToken cancellationToken, TimeSpan delay = default)
    {
        var message = request.ToJson();
        try
        {
            await _queue.SendMessageAsync(message, delay, cancellationToken: cancellationToken);
        }
        catch (RequestFailedException e) when (e.ErrorCode == QueueErrorCode.QueueNotFound)
        {
            await _queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            await _queue.SendMessageAsync(message, delay, cancellationToken: cancellationToken);
        }
    }

    /// <summary>How many messages there are, and when the oldest was sent that no worker has; null when there is none.</summary>
    public async Task<(int Depth, DateTimeOffset? Oldest)> LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            var depth = (await _queue.GetPropertiesAsync(cancellationToken)).Value.ApproximateMessagesCount;
            return (depth, depth == 0 ? null : (await _queue.PeekMessageAsync(cancellationToken)).Value?.InsertedOn);
        }
        catch (RequestFailedException e) when (e.ErrorCode == QueueErrorCode.QueueNotFound)
        {
            return (0, null);
        }
    }

    /// <summary>Whether there is no message, not even one that a worker has or that waits for its time.</summary>
    public async Task<bool> IsEmptyAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await _queue.GetPropertiesAsync(cancellationToken)).Value.ApproximateMessagesCount == 0;
        }
        catch (RequestFailedException e) when (e.ErrorCode == QueueErrorCode.QueueNotFound)
        {
            return true;
        }
    }
}
