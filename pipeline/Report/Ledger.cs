using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Azure;
using Azure.Data.Tables;
using Ci.Pipeline.Queue;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Report;

/// <summary>What was decided about a delivery: the answer to "why was nothing built?".</summary>
public sealed record LedgerEntry
{
    /// <summary>The delivery's GUID, as in GitHub's <i>Recent deliveries</i>; a redelivery has the same.</summary>
    public required string Delivery { get; init; }

    /// <summary>When it came.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>GitHub's name of the event, with the action behind a dot: <c>pull_request.opened</c>.</summary>
    public required string Event { get; init; }

    /// <summary>The status that GitHub was answered.</summary>
    public required int Status { get; init; }

    /// <summary>The verdict in words.</summary>
    public required string Verdict { get; init; }

    /// <summary>The repository; null when the delivery is about none.</summary>
    public string? Repository { get; init; }

    /// <summary>The pull request's number; null when the delivery is about none.</summary>
    public int? PullRequest { get; init; }

    /// <summary>The head commit, where the delivery says.</summary>
    public string? Commit { get; init; }

    /// <summary>The id of the build that it is about; null when there is none.</summary>
    public string? BuildId { get; init; }

    /// <summary>What has become of that build; not kept with the entry, but looked up when it is read.</summary>
    public LedgerBuild? Build { get; init; }
}

/// <summary>What became of the build that a delivery is about: what was accepted need not have ended in an image.</summary>
/// <param name="State">Where it stands.</param>
/// <param name="Summary">How it stands or ended, in a sentence.</param>
public sealed record LedgerBuild(BuildState State, string Summary);

/// <summary>
/// Every delivery that was signed, with its verdict, in table <c>deliveries</c>: newest first, by GUID, and by pull request.
/// What nobody signed is not kept, or anybody could fill the table.
/// </summary>
public sealed partial class Ledger : IAsyncDisposable
{
    /// <summary>The table's name.</summary>
    public const string TableName = "deliveries";

    private const string Partition = "deliveries";

    private const int LookupsAtOnce = 16;

    // As many as a transaction takes.
    private const int AtOnce = 30;

    // While deliveries keep coming: a few, then a rest several times as long, so that hardly a delivery meets them.
    private const int AtOnceWhenBusy = 8;
    private const int RestWhenBusy = 4;

    // More are not kept in memory for that.
    private const int MostWaiting = 5000;

    // An entry that storage does not take soon is left out, so that they do not pile up while it is away.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // Deliveries come in bursts, and storage does one thing at a time: what GitHub waits for goes first.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private List<LedgerEntry> _waiting = [];
    private long _lastAdded;
    private TaskCompletionSource _hurry = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _writing = Task.CompletedTask;
    private readonly BuildRecords _records;
    private readonly ILogger<Ledger> _logger;
    private readonly TableClient _table;
    private readonly TableWriter _writer;

    /// <summary>The ledger in the storage that the options name.</summary>
    public Ledger(BuildRecords records, IOptions<StorageOptions> options, ILogger<Ledger> logger)
    {
        _records = records;
        _logger = logger;
        _table = new TableClient(options.Value.ConnectionString, TableName, new TableClientOptions().WithShortPatience());
        _writer = new TableWriter(_table);
    }

    /// <summary>
    /// Has an entry written, soon: when no more deliveries come for a moment. It is no promise, and GitHub's answer does not
    /// wait for it; but who reads the ledger of this host does, and so does the host's end.
    /// </summary>
    public void Add(LedgerEntry entry)
    {
        lock (_gate)
        {
            _waiting.Add(entry);
            _lastAdded = Stopwatch.GetTimestamp();
            if (_writing.IsCompleted)
            {
                _writing = Task.Run(WriteWaitingAsync);
            }
        }
    }

    /// <summary>Waits until what was added is written.</summary>
    public async ValueTask DisposeAsync() => await FlushAsync();

    /// <summary>The newest entries, newest first.</summary>
    public Task<IReadOnlyList<LedgerEntry>> NewestAsync(int count, CancellationToken cancellation) => ReadAsync("newest-", count, cancellation);

    /// <summary>The newest entries of a pull request, newest first.</summary>
    public Task<IReadOnlyList<LedgerEntry>> OfPullRequestAsync(string repository, int number, int count, CancellationToken cancellation) =>
        ReadAsync(PullPrefix(repository, number), count, cancellation);

    /// <summary>What was decided about a delivery, each time that it came, the last first.</summary>
    public Task<IReadOnlyList<LedgerEntry>> OfDeliveryAsync(Guid delivery, CancellationToken cancellation) =>
        ReadAsync(DeliveryPrefix(delivery.ToString()), 100, cancellation);

    private static IEnumerable<string> Keys(LedgerEntry entry)
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

    private static TableEntity Row(LedgerEntry entry, string key) => new(Partition, key)
    {
        ["Event"] = entry.Event,
        ["Status"] = entry.Status,
        ["Verdict"] = entry.Verdict,
        ["Repository"] = entry.Repository,
        ["PullRequest"] = entry.PullRequest,
        ["Entry"] = JsonSerializer.Serialize(entry, LedgerJson.Default.LedgerEntry),
    };

    private Task FlushAsync()
    {
        lock (_gate)
        {
            _hurry.TrySetResult();
            return _writing;
        }
    }

    /// <summary>Writes until nothing waits any more.</summary>
    private async Task WriteWaitingAsync()
    {
        while (true)
        {
            await UntilQuietAsync();
            await WriteAsync(Take());
            lock (_gate)
            {
                if (_waiting.Count == 0)
                {
                    _hurry = new(TaskCreationOptions.RunContinuationsAsynchronously);
                    _writing = Task.CompletedTask;
                    return;
                }
            }
        }
    }

    private List<LedgerEntry> Take()
    {
        lock (_gate)
        {
            (var taken, _waiting) = (_waiting, []);
            return taken;
        }
    }

    /// <summary>Waits until no more entries come for a moment, but not forever, and not when somebody wants to read.</summary>
    private async Task UntilQuietAsync()
    {
        var start = Stopwatch.GetTimestamp();
        do
        {
            await Task.WhenAny(_hurry.Task, Task.Delay(Quiet));
        }
        while (IsBusy() && Stopwatch.GetElapsedTime(start) < Longest);
    }

    private bool IsBusy()
    {
        lock (_gate)
        {
            return Stopwatch.GetElapsedTime(_lastAdded) < Quiet && _waiting.Count < MostWaiting && !_hurry.Task.IsCompleted;
        }
    }

    private async Task WriteAsync(List<LedgerEntry> entries)
    {
        for (var written = 0; written < entries.Count;)
        {
            var busy = IsBusy();
            var some = entries.Skip(written).Take(busy ? AtOnceWhenBusy : AtOnce).ToList();
            var start = Stopwatch.GetTimestamp();
            await Task.WhenAll(some.Select(WriteAsync));
            written += some.Count;
            if (busy && written < entries.Count)
            {
                await Task.WhenAny(_hurry.Task, Task.Delay(RestWhenBusy * Stopwatch.GetElapsedTime(start)));
            }
        }
    }

    private async Task WriteAsync(LedgerEntry entry)
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await _writer.WriteAsync([.. Keys(entry).Select(key => new TableTransactionAction(TableTransactionActionType.UpsertReplace, Row(entry, key)))], limit.Token);
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException or OperationCanceledException)
        {
            Log.NotWritten(_logger, entry.Delivery, e.Message.Split('\n')[0]);
        }
    }

    private async Task<IReadOnlyList<LedgerEntry>> ReadAsync(string prefix, int count, CancellationToken cancellation)
    {
        await FlushAsync().WaitAsync(cancellation);
        var found = new List<LedgerEntry>();
        var filter = $"PartitionKey eq '{Partition}' and RowKey ge '{prefix}' and RowKey lt '{prefix[..^1]}.'";
        try
        {
            await foreach (var row in _table.QueryAsync<TableEntity>(filter, Math.Min(count, 1000), cancellationToken: cancellation))
            {
                found.Add(JsonSerializer.Deserialize(row.GetString("Entry"), LedgerJson.Default.LedgerEntry)!);
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

        return await WithBuildsAsync(found, cancellation);
    }

    private async Task<IReadOnlyList<LedgerEntry>> WithBuildsAsync(IReadOnlyList<LedgerEntry> entries, CancellationToken cancellation)
    {
        var builds = new ConcurrentDictionary<string, LedgerBuild>();
        await Parallel.ForEachAsync(
            entries.Select(entry => entry.BuildId).OfType<string>().Distinct(),
            new ParallelOptions { MaxDegreeOfParallelism = LookupsAtOnce, CancellationToken = cancellation },
            async (id, token) =>
            {
                if (await _records.FindAsync(id, token) is { } build)
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

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LedgerEntry))]
internal sealed partial class LedgerJson : JsonSerializerContext;
