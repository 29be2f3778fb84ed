using System.Globalization;
using System.Text.Json.Serialization;

namespace Ci.Pipeline.Builds;

/// <summary>A step of an image's build.</summary>
public sealed record BuildStep
{
    /// <summary>What its builder tells it from others by.</summary>
    [JsonIgnore]
    public string Id { get; init; } = "";

    /// <summary>The image that it is a step of; null where that was not said.</summary>
    [JsonIgnore]
    public string? Image { get; init; }

    /// <summary>The stage whose steps are counted; null where all are counted alike.</summary>
    public string? Stage { get; init; }

    /// <summary>Its number, from 1; null when it is none of the Dockerfile's, such as the image's export.</summary>
    public int? Number { get; init; }

    public int? Total { get; init; }

    /// <summary>What it does, as the Dockerfile says it, on one line.</summary>
    public string Instruction { get; init; } = "";

    /// <summary>Where it stands: <c>build 4/9</c>.</summary>
    [JsonIgnore]
    public string Place => string.Create(CultureInfo.InvariantCulture, $"{Stage} {Number}/{Total}").TrimStart();

    /// <summary>Its line in the log, when it begins: <c>Step build 4/9 : RUN make</c>.</summary>
    [JsonIgnore]
    public string Title => Number is null ? Instruction : $"Step {Place} : {Instruction}";
}
