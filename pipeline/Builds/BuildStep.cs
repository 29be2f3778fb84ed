using System.Globalization;
using System.Text.Json.Serialization;

namespace Ci.Pipeline.Builds;

public sealed record BuildStep
{
    [JsonIgnore]
    public string Id { get; init; } = "";

    [JsonIgnore]
    public string? Image { get; init; }

    /// <summary>The stage whose steps are counted; null where all are counted alike.</summary>
    public string? Stage { get; init; }

    /// <summary>Its number, from 1; null when it is none of the Dockerfile's, such as the image's export.</summary>
    public int? Number { get; init; }

    public int? Total { get; init; }

    public string Instruction { get; init; } = "";

    /// <summary>Where it stands: <c>build 4/9</c>.</summary>
    [JsonIgnore]
    public string Place => string.Create(CultureInfo.InvariantCulture, $"{Stage} {Number}/{Total}").TrimStart();

    /// <summary>Its line in the log, when it begins: <c>Step build 4/9 : RUN make</c>.</summary>
    [JsonIgnore]
    public string Title => Number is null ? Instruction : $"Step {Place} : {Instruction}";
}
