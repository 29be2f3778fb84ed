using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Builds.Storage;

/// <summary>
/// Every delivery that was signed, with its verdict, in table <c>deliveries</c>: newest first, by GUID, and by pull request.
/// What nobody signed is not kept, or anybody could fill the table.
/// </summary>
public sealed partial class DeliveryLog : IAsyncDisposable
{
    /// <summary>The table's name.</summary>
    public const string TableName = "deliveries";

    private const string Partition = "deliveries";

    private const int LookupsAtOnce = 16;

    // An entry that storage does not take soon is left out, so that they do not pile up while it is away.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly BuildStore _store;
    private readonly ILogger<DeliveryLog> _logger;
    private readonly TableClient _table;
    private readonly DeliveryLogBacklog _backlog;

    /// <summary>The log in the storage that the options name.</summary>
    public DeliveryLog(BuildStore store, IOptions<StorageOptions> options, ILogger<DeliveryLog> logger)
    {
        _store = store;
        _logger = logger;
        _table = new TableClient(options.Value.ConnectionString, TableName, new TableClientOptions().WithPatienceOf(options.Value));
        _backlog = new DeliveryLogBacklog(WriteAsync);
    }

    /// <summary>
    /// Has an entry written, soon: when no more deliveries come for a moment. It is no promise, and GitHub's answer does not
    /// wait for it; but who reads the log on this host does, and so does the host's end.
    /// </summary>
    public void Add(DeliveryLogEntry entry) => _backlog.Add(entry);

    /// <summary>Waits until what was added is written.</summary>
    public async ValueTask DisposeAsync() => await _backlog.FlushAsync();

    /// <summary>The newest entries, newest first.</summary>
    public Task<IReadOnlyList<DeliveryLogEntry>> NewestAsync(int count, CancellationToken cancellationToken) => ReadAsync("newest-", count, cancellationToken);

    /// <summary>The newest entries of a pull request, newest first.</summary>
    public Task<IReadOnlyList<DeliveryLogEntry>> OfPullRequestAsync(string repository, int number, int count, CancellationToken cancellationToken) =>
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
        string.Create(CultureInfo.InvariantCulture, $"pull-{repository.ToLowerInvariant().Replace('/', '|')}|{number}-");

    private static TableEntity Row(DeliveryLogEntry entry, string key) => new(Partition, key)
    {
        ["Event"] = entry.Event,
        ["Status"] = entry.Status,
        ["Verdict"] = entry.Verdict,
        ["Repository"] = entry.Repository,
        ["PullRequest"] = entry.PullRequest,
        ["Entry"] = JsonSerializer.Serialize(entry, LedgerJson.Default.DeliveryLogEntry),
    };

    private async Task WriteAsync(DeliveryLogEntry entry)
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await _table.SubmitAsync([.. Keys(entry).Select(key => new TableTransactionAction(TableTransactionActionType.UpsertReplace, Row(entry, key)))], limit.Token);
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException or OperationCanceledException)
        {
            Log.NotWritten(_logger, entry.Delivery, e.Message.Split('\n')[0]);
        }
    }

    private async Task<IReadOnlyList<DeliveryLogEntry>> ReadAsync(string prefix, int count, CancellationToken cancellationToken)
    {
        await _backlog.FlushAsync().WaitAsync(cancellationToken);
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

    private async Task<IReadOnlyList<DeliveryLogEntry>> WithBuildsAsync(IReadOnlyList<DeliveryLogEntry> entries, CancellationToken cancellationToken)
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

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Delivery {Delivery}: its verdict could not be written down ({Problem})")]
        public static partial void NotWritten(ILogger logger, string delivery, string problem);
    }
}
