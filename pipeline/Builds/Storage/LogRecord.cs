using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ci.Pipeline.Builds.Storage;

/// <summary>A line of a build's log, as it is stored: one JSON object a line (JSON Lines).</summary>
public sealed record LogRecord
{
    private static readonly LogRecordJson Json = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter<StageKind>() },
    });

    /// <summary>When it was written, in seconds from the try's begin; null for a line of plain text, which older versions stored.</summary>
    public double? Time { get; init; }

    public StageKind? Stage { get; init; }

    public string? Image { get; init; }

    /// <summary>The step that begins with this line, or goes on, which has no instruction; null when none does.</summary>
    public BuildStep? Step { get; init; }

    public string? Text { get; init; }

    /// <summary>Whether it is the builder's bookkeeping: it is there, but not in the way.</summary>
    [JsonPropertyName("detail")]
    public bool IsDetail { get; init; }

    [JsonIgnore]
    public string Line => Text ?? (Step is null ? "" : Step.Instruction.Length > 0 ? Step.Title : $"Step {Step.Place} …");

    /// <summary>The line as people read it: <c>   12.3s  Step 4/9 : RUN make</c>.</summary>
    public override string ToString() => Time is { } time ? string.Create(CultureInfo.InvariantCulture, $"{time,7:F1}s  {Line}") : Line;

    public string ToJson() => JsonSerializer.Serialize(this, Json.LogRecord) + "\n";

    public static LogRecord Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            if (line is [(byte)'{', ..] && JsonSerializer.Deserialize(line, Json.LogRecord) is { } record)
            {
                return record;
            }
        }
        catch (JsonException)
        {
            // It is none of ours: plain text.
        }

        return new LogRecord { Text = Encoding.UTF8.GetString(line) };
    }
}

[JsonSerializable(typeof(LogRecord))]
internal sealed partial class LogRecordJson : JsonSerializerContext;
