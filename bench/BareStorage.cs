using Azure;
using Azure.Data.Tables;
using Azure.Storage.Queues;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Queue;

namespace Ci.Bench;

/// <summary>Storage without us: the record and the message that an accepted delivery leaves, written through the Azure SDK.</summary>
internal sealed class BareStorage
{
    // As many as one request can take.
    private const int QueueMessages = 32;

    // Longer than a run takes: nobody sees them any more, and Azurite takes its time to delete messages.
    private static readonly TimeSpan Hidden = TimeSpan.FromHours(1);

    private static int _pulls;

    private readonly TableClient _table = new(Settings.Storage, "bare");
    private readonly QueueClient _queue = new(
        Settings.Storage, "bare", new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });

    public static async Task<BareStorage> CreateAsync()
    {
        await ClearAsync();
        var storage = new BareStorage();
        await storage._table.CreateIfNotExistsAsync();
        await storage._queue.CreateIfNotExistsAsync();
        return storage;
    }

    /// <summary>Removes all that is kept, ours as well: every run begins with empty storage.</summary>
    public static async Task ClearAsync()
    {
        foreach (var name in (string[])["bare", BuildStore.TableName, DeliveryLog.TableName])
        {
            await new TableClient(Settings.Storage, name).DeleteAsync();
        }

        foreach (var name in (string[])["bare", BuildQueue.Name])
        {
            await new QueueClient(Settings.Storage, name).DeleteIfExistsAsync();
        }
    }

    /// <summary>Takes away what waits in our queue, message and row, and the ledger: Azurite writes all that it has to the disk
    /// every few seconds. What is being built stays as it is, and its host undisturbed.</summary>
    public static async Task EmptyAsync()
    {
        await new TableClient(Settings.Storage, DeliveryLog.TableName).DeleteAsync();
        var table = new TableClient(Settings.Storage, BuildStore.TableName);
        var queue = new QueueClient(
            Settings.Storage, BuildQueue.Name, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        while ((await queue.ReceiveMessagesAsync(QueueMessages, Hidden)).Value is { Length: > 0 } messages)
        {
            await table.SubmitTransactionAsync(messages.Select(message => new TableTransactionAction(
                TableTransactionActionType.Delete,
                new TableEntity(BuildRow.Partition, BuildRow.ActivePrefix + BuildRequest.Parse(message.Body.ToString()).BuildId),
                ETag.All)));
        }
    }

    /// <summary>How many builds go on, and how many messages there are, hidden ones too.</summary>
    public static async Task<(int Records, int Messages)> CountAsync()
    {
        var records = 0;
        await foreach (var row in new TableClient(Settings.Storage, BuildStore.TableName).QueryAsync<TableEntity>(BuildRow.StartingWith(BuildRow.ActivePrefix)))
        {
            records += row.RowKey.Length > 0 ? 1 : 0;
        }

        return (records, (await new QueueClient(Settings.Storage, BuildQueue.Name).GetPropertiesAsync()).Value.ApproximateMessagesCount);
    }

    /// <summary>One row and one message.</summary>
    public async Task WriteRowAsync(int number)
    {
        var record = Record(number);
        await _table.AddEntityAsync((TableEntity)BuildRow.Add(record).First().Entity);
        await _queue.SendMessageAsync(record.Request.ToJson());
    }

    /// <summary>All rows that are written for a build before it is accepted, in one transaction, and one message.</summary>
    public async Task WriteRowsAsync(int number)
    {
        var record = Record(number);
        await _table.SubmitTransactionAsync(
            BuildRow.Add(record).Append(PullRequestHeadRow.Write(new PullRequestUpdate(record.Request), null)));
        await _queue.SendMessageAsync(record.Request.ToJson());
    }

    private static Build Record(int number)
    {
        var repository = $"{Settings.Owner}/repository-{number % 50}";
        var commit = Guid.NewGuid().ToString("n") + "00000000";
        return Build.Queued(new BuildRequest
        {
            BuildId = new BuildId(Settings.Secret).Of(repository, number, commit, BuildPurpose.PullRequest),
            Purpose = BuildPurpose.PullRequest,
            Repository = repository,
            // Each opens a pull request of its own, the warm-up's too.
            PullRequest = Interlocked.Increment(ref _pulls),
            Commit = commit,
            Title = "A change like any other",
            Url = $"https://github.com/{repository}/pull/{number}",
            Author = "sample-author",
            HeadRef = "feature",
            BaseRef = "main",
            UpdatedAt = DateTimeOffset.UtcNow,
            Delivery = Guid.NewGuid().ToString(),
            QueuedAt = DateTimeOffset.UtcNow,
        });
    }
}
