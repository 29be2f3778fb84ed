using System.Globalization;
using System.Text.RegularExpressions;

namespace Ci.Pipeline.Builds;

/// <summary>A step of a Dockerfile, as the builder's output announces it.</summary>
/// <param name="Stage">The stage whose steps are counted; null where the builder counts them all alike.</param>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Total">How many there are.</param>
/// <param name="Instruction">What it does, as the Dockerfile says it.</param>
public sealed record BuildStep(string? Stage, int Number, int Total, string Instruction)
{
    /// <summary>The image that it is a step of; null where that was not said.</summary>
    public string? Image { get; init; }
}

/// <summary>
/// Follows the steps in a builder's output: <c>Step 4/9 : RUN x</c> (the classic builder), <c>Step build 4/9 : RUN x</c>
/// (BuildKit, whose stages have names), and what either says of a step that it took from its cache.
/// </summary>
public sealed partial class BuildSteps
{
    // The titles of the steps seen, for BuildKit says a title again when it comes back to a step.
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private volatile BuildStep? _newest;
    private string? _image;

    /// <summary>The step that was announced last; null when there is none yet of the image that is built now.</summary>
    public BuildStep? Newest => _newest;

    /// <summary>Is told of every step when it is announced first.</summary>
    public Action<BuildStep> Announced { private get; set; } = static _ => { };

    /// <summary>How many steps there were.</summary>
    public int Count { get; private set; }

    /// <summary>How many of them the builder had in its cache.</summary>
    public int Cached { get; private set; }

    /// <summary>Reads a line of the builder's output.</summary>
    public void Read(string line)
    {
        if (Title().Match(line) is { Success: true } match)
        {
            _newest = new BuildStep(
                match.Groups["stage"] is { Success: true } stage ? stage.Value : null,
                int.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture),
                int.Parse(match.Groups["total"].Value, CultureInfo.InvariantCulture),
                match.Groups["what"].Value.Trim())
            { Image = _image };
            if (_seen.Add(line))
            {
                Count++;
                Announced(_newest);
            }
        }
        else if (FromCache().IsMatch(line))
        {
            Cached++;
        }
    }

    /// <summary>Another image begins; the counts go on.</summary>
    public void Begin(string image)
    {
        _image = image;
        _newest = null;
        _seen.Clear();
    }

    [GeneratedRegex(@"^(?:\e\[[0-9;]*m)*Step (?:(?<stage>[A-Za-z0-9_.-]{1,100}) )?(?<number>\d{1,5})/(?<total>\d{1,5}) : (?<what>.+)")]
    private static partial Regex Title();

    [GeneratedRegex(@"^(?:\e\[[0-9;]*m)* ---> (?:Using cache|CACHED)$")]
    private static partial Regex FromCache();
}
