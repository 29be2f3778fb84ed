using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Azure;
using Azure.Data.Tables;

namespace Ci.Pipeline.Builds.Storage;

/// <summary>A record as rows: the whole of it as JSON, and beside it the columns that people look for in Storage Explorer.</summary>
internal static class BuildRow
{
    /// <summary>All rows are in one partition, so that what belongs together changes together or not at all.</summary>
    public const string Partition = "builds";

    public const string TimePrefix = "newest-";

    /// <summary>What the key of a build's row begins with while something is to be done about it.</summary>
    public const string ActivePrefix = "active-";

    public const string DonePrefix = "id-";

    /// <summary>The filter that finds the rows whose keys begin so; the prefix ends in '-', and '.' is the next character.</summary>
    public static string StartingWith(string prefix) =>
        $"PartitionKey eq '{Partition}' and RowKey ge '{prefix}' and RowKey lt '{prefix[..^1]}.'";

    public static Build Read(TableEntity row) => Read(row, RecordJson.Default.Build);

    public static T Read<T>(TableEntity row, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(row.GetString("Record"), type)
        ?? throw new InvalidOperationException($"Row {row.RowKey} of table {BuildStore.TableName} has no record.");

    /// <summary>A pull request as a part of a key, where no '/' may be.</summary>
    public static string PullRequestKey(string repository, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{repository.ToLowerInvariant().Replace('/', '|')}|{number}");

    public static IEnumerable<TableTransactionAction> Add(Build record) =>
        [new(TableTransactionActionType.Add, Write(record, KeyOf(record))), .. Lists(null, record)];

    /// <summary>The rows of a build that changed, if nobody else changed it since <paramref name="row"/> was read.</summary>
    public static IEnumerable<TableTransactionAction> Update(TableEntity row, Build after) => row.RowKey == KeyOf(after)
        ? [new(TableTransactionActionType.UpdateReplace, Write(after, row.RowKey), row.ETag), .. Lists(Read(row), after)]
        :
        [
            new(TableTransactionActionType.Delete, new TableEntity(Partition, row.RowKey), row.ETag),
            Upsert(after, KeyOf(after)),
            .. Lists(Read(row), after),
        ];

    private static string KeyOf(Build record) => (record.IsActive ? ActivePrefix : DonePrefix) + record.Id;

    /// <summary>A build has a single row while it goes on, for then it changes often, and it has to be accepted quickly. When nothing
    /// is left to be done about it, it moves, and into the lists, in one transaction.</summary>
    private static IEnumerable<TableTransactionAction> Lists(Build? before, Build after)
    {
        var keys = ListKeys(after);
        var earlier = before is null ? [] : ListKeys(before);
        return
        [
            .. earlier.Except(keys).Select(Delete),
            .. keys.Select(key => Upsert(key.StartsWith(BuildList.Prefix, StringComparison.Ordinal) ? Shown(after) : after, key)),
        ];
    }

    private static string[] ListKeys(Build record) => record.IsActive ? [] : [.. BuildList.Of(record).Select(list => list + Place(record))];

    /// <summary>What lists show of a build; what changes while it only goes on is not among it.</summary>
    private static Build Shown(Build record) => record.Released() with
    {
        SentAt = null,
        NotBefore = null,
        SteppedBackAt = null,
        QueuePosition = null,
        Reported = null,
        Commented = null,
        CheckRun = null,
        UnconfirmedFailure = null,
        Stages = [],
        Warnings = [],
        LogTail = [],
    };

    /// <summary>Where a build stands among others: the newest sorts first.</summary>
    public static string Place(Build record)
    {
        var age = long.MaxValue - record.Request.QueuedAt.UtcTicks;
        return age.ToString("D19", CultureInfo.InvariantCulture) + "-" + record.Id;
    }

    private static TableTransactionAction Upsert(Build record, string key) =>
        new(TableTransactionActionType.UpsertReplace, Write(record, key));

    private static TableTransactionAction Delete(string key) =>
        new(TableTransactionActionType.Delete, new TableEntity(Partition, key), ETag.All);

    private static TableEntity Write(Build record, string key) => new(Partition, key)
    {
        ["State"] = record.State.ToString(),
        ["Repository"] = record.Request.Repository,
        ["PullRequest"] = record.Request.PullRequest,
        ["Purpose"] = record.Request.Purpose.ToString(),
        ["Commit"] = record.Request.Commit,
        ["Summary"] = record.Summary,
        ["Record"] = JsonSerializer.Serialize(record, RecordJson.Default.Build),
    };
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Build))]
[JsonSerializable(typeof(PullRequestHead))]
[JsonSerializable(typeof(TagOwner))]
internal sealed partial class RecordJson : JsonSerializerContext;
