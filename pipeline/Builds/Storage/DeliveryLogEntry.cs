using System.Text.Json.Serialization;

namespace Ci.Pipeline.Builds.Storage;

/// <summary>What was decided about a delivery: the answer to "why was nothing built?".</summary>
public sealed record DeliveryLogEntry
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

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DeliveryLogEntry))]
internal sealed partial class LedgerJson : JsonSerializerContext;
