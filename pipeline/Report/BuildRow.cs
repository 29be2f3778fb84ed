using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Azure.Data.Tables;

namespace Ci.Pipeline.Report;

/// <summary>A record as a row: the whole of it as JSON, and beside it the columns that people look for in Storage Explorer.</summary>
internal static class BuildRow
{
    /// <summary>All rows are in one partition, so that a build's two rows change together or not at all.</summary>
    public const string Partition = "builds";

    private const string IdPrefix = "id-";
    private const string TimePrefix = "newest-";

    /// <summary>The filter that finds the rows that sort by time ('.' is the character after '-').</summary>
    public const string IsByTime = $"PartitionKey eq '{Partition}' and RowKey ge '{TimePrefix}' and RowKey lt 'newest.'";

    public static string IdKey(string id) => IdPrefix + id;

    public static TableEntity ById(BuildRecord record) => Write(record, IdKey(record.Id));

    public static TableEntity ByTime(BuildRecord record)
    {
        var age = long.MaxValue - record.Request.QueuedAt.UtcTicks;
        return Write(record, TimePrefix + age.ToString("D19", CultureInfo.InvariantCulture) + "-" + record.Id);
    }

    public static BuildRecord Read(TableEntity row) =>
        JsonSerializer.Deserialize(row.GetString("Record"), RecordJson.Default.BuildRecord)
        ?? throw new InvalidOperationException($"Row {row.RowKey} of table {BuildRecords.TableName} has no record.");

    private static TableEntity Write(BuildRecord record, string key) => new(Partition, key)
    {
        ["State"] = record.State.ToString(),
        ["Repository"] = record.Request.Repository,
        ["PullRequest"] = record.Request.PullRequest,
        ["Commit"] = record.Request.Commit,
        ["Summary"] = record.Summary,
        ["Record"] = JsonSerializer.Serialize(record, RecordJson.Default.BuildRecord),
    };
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BuildRecord))]
internal sealed partial class RecordJson : JsonSerializerContext;
