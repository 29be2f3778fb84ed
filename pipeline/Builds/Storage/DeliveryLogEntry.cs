using System.Text.Json.Serialization;

namespace Ci.Pipeline.Builds.Storage;

/// <summary>What was decided about a delivery: the answer to "why was nothing built?".</summary>
public sealed record DeliveryLogEntry
{
    /// <summary>The delivery's GUID, as in GitHub's <i>Recent deliveries</i>; a redelivery has the same.</summary>
    public required string Delivery { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>GitHub's name of the event, with the action behind a dot: <c>pull_request.opened</c>.</summary>
    public required string Event { get; init; }

    public required int Status { get; init; }

    public required string Verdict { get; init; }

    public string? Repository { get; init; }

    public int? PullRequest { get; init; }

    public string? Commit { get; init; }

    public string? BuildId { get; init; }

    /// <summary>What has become of that build; not kept with the entry, but looked up when it is read.</summary>
    public LedgerBuild? Build { get; init; }
}

/// <summary>What became of the build that a delivery is about: what was accepted need not have ended in an image.</summary>
public sealed record LedgerBuild(BuildState State, string Summary);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DeliveryLogEntry))]
internal sealed partial class LedgerJson : JsonSerializerContext;
