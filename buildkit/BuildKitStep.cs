using System.Globalization;
using System.Text.RegularExpressions;

namespace Ci.BuildKit;

/// <summary>A step of the build.</summary>
/// <param name="Digest">What BuildKit tells it from others by.</param>
/// <param name="Name">
/// BuildKit's name for it: <c>[2/4] RUN make</c>, with the stage when there are several: <c>[build 2/4] RUN make</c>.
/// A step that stages or builds running side by side have in common, mostly a base image, has the name that one of them gives it.
/// </param>
public sealed partial record BuildKitStep(string Digest, string Name)
{
    private const string InternalMark = "[internal]";

    private readonly Match _parts = Parts().Match(Name);

    /// <summary>The stage it belongs to; empty when there is but one, or it belongs to none.</summary>
    public string Stage => _parts.Groups["stage"].Value;

    /// <summary>The how many-th of its stage it is, or null when the Dockerfile does not say it (<c>exporting to image</c>).</summary>
    public int? Number => Parsed("number");

    /// <summary>How many steps its stage has, or null when it is of none.</summary>
    public int? Total => Parsed("total");

    /// <summary>What it does, on one line: <c>RUN make</c>. The lines of a here-document are joined.</summary>
    public string Instruction => (_parts.Success ? _parts.Groups["instruction"].Value
        : Name.StartsWith(InternalMark, StringComparison.Ordinal) ? Name[InternalMark.Length..].TrimStart()
        : Name).ReplaceLineEndings(" ");

    /// <summary>Whether it is BuildKit's own housekeeping rather than something the Dockerfile says.</summary>
    /// <remarks>The copy is how the engine takes a posted context over; it has no mark of its own.</remarks>
    public bool IsInternal =>
        Name.StartsWith(InternalMark, StringComparison.Ordinal)
        || Name.StartsWith("[auth]", StringComparison.Ordinal)
        || Name == "copy /context /";

    private int? Parsed(string group) =>
        int.TryParse(_parts.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    // BuildKit pads the number to the total's width: "[build  2/11] RUN make".
    [GeneratedRegex(@"\A\[(?:(?<stage>[^\]]*?)\s+)?\s*(?<number>\d+)/(?<total>\d+)\]\s+(?<instruction>.*)\z", RegexOptions.Singleline)]
    private static partial Regex Parts();
}
