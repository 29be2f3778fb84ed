using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;
using Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Builds.Storage;

/// <summary>Every delivery that was signed, with its verdict, in table <c>deliveries</c>: newest first, by GUID, and by pull request.
/// What nobody signed is not kept, or anybody could fill the table.</summary>
public sealed partial class DeliveryLog : IAsyncDisposable
{
    public const string TableName = "deliveries";

    private const string Partition = "deliveries";

    private const int LookupsAtOnce = 16;
    private const int MostWaiting = 5000;

    // An entry that storage does not take soon is left out, so that they do not pile up while it is away.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly BuildStore _store;
    private readonly ILogger<DeliveryLog> _logger;
    private readonly TableClient _table;
    private readonly Channel<Waiting> _waiting = Channel.CreateBounded<Waiting>(
        new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private readonly Task _writing;

    public DeliveryLog(BuildStore store, IOptions<StorageOptions> options, ILogger<DeliveryLog> logger)
    {
        _store = store;
        _logger = logger;
        _table = new TableClient(options.Value.ConnectionString, TableName, new TableClientOptions().WithPatienceOf(options.Value));
        _writing = Task.Run(WriteWaitingAsync);
    }

    /// <summary>Has an entry written behind GitHub's answer. It is no promise; but who reads the log on this host waits for it, and so
    /// does the host's end.</summary>
    public void Add(DeliveryLogEntry entry)
    {
        if (!_waiting.Writer.TryWrite(new Waiting.ToWrite(entry)))
        {
            Log.NotWritten(_logger, entry.Delivery, "too many others wait to be written");
        }
    }

    /// <summary>Waits until what was added is written, but not for a storage that is away.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await Task.WhenAny(_writing, Task.Delay(Patience));
    }

    public Task<IReadOnlyList<DeliveryLogEntry>> NewestAsync(int count, CancellationToken cancellationToken) =>
        ReadAsync("newest-", count, cancellationToken);

    public Task<IReadOnlyList<DeliveryLogEntry>> OfPullRequestAsync(
        string repository, int number, int count, CancellationToken cancellationToken) =>
        ReadAsync(PullPrefix(repository, number), count, cancellationToken);

    /// <summary>What was decided about a delivery, each time that it came, the last first.</summary>
    public Task<IReadOnlyList<DeliveryLogEntry>> OfDeliveryAsync(Guid delivery, CancellationToken cancellationToken) =>
        ReadAsync(DeliveryPrefix(delivery.ToString()), 100, cancellationToken);

    private static IEnumerable<string> Keys(DeliveryLogEntry entry)
    {
        var age = (long.MaxValue - entry.At.UtcTicks).ToString("D19", CultureInfo.InvariantCulture);
        // Only a GUID is part of a key: a header may have anything in it.
        var guid = Guid.TryParse(entry.Delivery, out var parsed) ? parsed.ToString() : "none";
        yield return $"newest-{age}-{guid}";
        yield return $"{DeliveryPrefix(guid)}{age}";
        if (entry is { Repository: { } repository, PullRequest: { } number })
        {
            yield return $"{PullPrefix(repository, number)}{age}-{guid}";
        }
    }

    private static string DeliveryPrefix(string guid) => $"id-{guid}-";

    private static string PullPrefix(string repository, int number) =>
        $"pull-{BuildRow.PullRequestKey(repository, number)}-";

    private static TableEntity Row(DeliveryLogEntry entry, string key) => new(Partition, key)
    {
        ["Event"] = entry.Event,
        ["Status"] = entry.Status,
        ["Verdict"] = entry.Verdict,
        ["Repository"] = entry.Repository,
        ["PullRequest"] = entry.PullRequest,
        ["Entry"] = JsonSerializer.Serialize(entry, LedgerJson.Default.DeliveryLogEntry),
    };

    private async Task WriteWaitingAsync()
    {
        await foreach (var next in _waiting.Reader.ReadAllAsync())
        {
            switch (next)
            {
                case Waiting.ToWrite(var entry):
                    await WriteAsync(entry);
                    break;
                case Waiting.ToRead(var isWritten):
                    isWritten.SetResult();
                    break;
            }
        }
    }

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        var reader = new Waiting.ToRead(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        while (await _waiting.Writer.WaitToWriteAsync(cancellationToken))
        {
            if (_waiting.Writer.TryWrite(reader))
            {
                await reader.IsWritten.Task.WaitAsync(cancellationToken);
                return;
            }
        }
    }

    private async Task WriteAsync(DeliveryLogEntry entry)
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            var rows = Keys(entry).Select(key => new TableTransactionAction(TableTransactionActionType.UpsertReplace, Row(entry, key)));
            await _table.SubmitAsync([.. rows], limit.Token);
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException or OperationCanceledException)
        {
            Log.NotWritten(_logger, entry.Delivery, e.Message.Split('\n')[0]);
        }
    }

    private async Task<IReadOnlyList<DeliveryLogEntry>> ReadAsync(string prefix, int count, CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        var found = new List<DeliveryLogEntry>();
        var filter = $"PartitionKey eq '{Partition}' and RowKey ge '{prefix}' and RowKey lt '{prefix[..^1]}.'";
        try
        {
            await foreach (var row in _table.QueryAsync<TableEntity>(filter, Math.Min(count, 1000), cancellationToken: cancellationToken))
            {
                found.Add(JsonSerializer.Deserialize(row.GetString("Entry"), LedgerJson.Default.DeliveryLogEntry)!);
                if (found.Count == count)
                {
                    break;
                }
            }
        }
        catch (RequestFailedException e) when (e.ErrorCode == "TableNotFound")
        {
            // Nothing was ever delivered.
        }

        return await WithBuildsAsync(found, cancellationToken);
    }

    private async Task<IReadOnlyList<DeliveryLogEntry>> WithBuildsAsync(
        IReadOnlyList<DeliveryLogEntry> entries, CancellationToken cancellationToken)
    {
        var builds = new ConcurrentDictionary<string, LedgerBuild>();
        await Parallel.ForEachAsync(
            entries.Select(entry => entry.BuildId).OfType<string>().Distinct(),
            new ParallelOptions { MaxDegreeOfParallelism = LookupsAtOnce, CancellationToken = cancellationToken },
            async (id, token) =>
            {
                if (await _store.FindAsync(id, token) is { } build)
                {
                    builds[id] = new LedgerBuild(build.State, build.Summary);
                }
            });
        return [.. entries.Select(entry => entry.BuildId is { } id ? entry with { Build = builds.GetValueOrDefault(id) } : entry)];
    }

    private abstract record Waiting
    {
        public sealed record ToWrite(DeliveryLogEntry Entry) : Waiting;

        /// <summary>Somebody who reads once all before it is written.</summary>
        public sealed record ToRead(TaskCompletionSource IsWritten) : Waiting;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Delivery {Delivery}: its verdict could not be written down ({Problem})")]
        public static partial void NotWritten(ILogger logger, string delivery, string problem);
    }
}
