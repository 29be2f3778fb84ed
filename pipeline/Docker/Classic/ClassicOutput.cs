using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Ci.Pipeline.Builds;

namespace Ci.Pipeline.Docker.Classic;

/// <summary>Reads what the classic builder prints, which is all that it tells of a build: <c>Step 4/9 : RUN make</c>, and below
/// it what the step prints, that its image comes from the cache, and the image that it made.</summary>
internal sealed partial class ClassicOutput(Action<BuildEvent> happened)
{
    private const int MaxLineLength = 4096;

    private readonly StringBuilder _line = new();
    private readonly List<string> _images = [];
    private BuildStep? _step;
    private StepOutcome _outcome;

    public IReadOnlyList<string> Images => _images;

    /// <summary>Reads a piece, which need not end with a line.</summary>
    public void Read(string piece)
    {
        if (!piece.Contains('\n', StringComparison.Ordinal))
        {
            happened(new BuildEvent.Activity(piece.Length));
        }

        foreach (var c in piece)
        {
            if (c == '\n')
            {
                Line(_line.ToString());
                _line.Clear();
            }
            else if (c != '\r' && _line.Length < MaxLineLength)
            {
                _line.Append(c);
            }
        }
    }

    public void Finish()
    {
        Rest();
        End(_outcome);
    }

    /// <summary>The build failed: the builder goes from step to step, so it is the newest that did. Null when the error is not
    /// about it.</summary>
    public StepFailure? Fail(string error)
    {
        Rest();
        var step = _step;
        End(StepOutcome.Failed);
        return FailureOf(step, error);
    }

    internal static StepFailure? FailureOf(BuildStep? step, string error)
    {
        if (ParseError().Match(error) is { Success: true } unreadable)
        {
            return new StepFailure(null, unreadable.Groups["reason"].Value, Number(unreadable, "line"));
        }

        if (step is null)
        {
            return null;
        }

        var copying = Copying().Match(error);
        return ExitCode().Match(error) is { Success: true } command ? new StepFailure(step, "exit code " + command.Groups["code"].Value)
            : copying.Success && Is(step, copying.Groups["what"].Value) ? new StepFailure(step, copying.Groups["reason"].Value)
            : !copying.Success && Is(step, "FROM") ? new StepFailure(step, error)
            : null;
    }

    private static bool Is(BuildStep step, string instruction) =>
        step.Instruction.StartsWith(instruction + " ", StringComparison.OrdinalIgnoreCase);

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    private void Rest()
    {
        if (_line.Length > 0)
        {
            Line(_line.ToString());
            _line.Clear();
        }
    }

    private void Line(string line)
    {
        if (Title().Match(line) is { Success: true } title)
        {
            End(_outcome);
            _step = new BuildStep
            {
                Id = title.Groups["number"].Value,
                Number = Number(title, "number"),
                Total = Number(title, "total"),
                Instruction = title.Groups["what"].Value.Trim(),
            };
            _outcome = StepOutcome.Done;
            happened(new BuildEvent.StepStarted(_step));
            return;
        }

        if (StepsImage().Match(line) is { Success: true } image)
        {
            _images.Add(image.Groups["id"].Value);
            happened(new BuildEvent.StepImage(image.Groups["id"].Value));
        }

        _outcome = FromCache().IsMatch(line) ? StepOutcome.Cached : _outcome;
        happened(new BuildEvent.Output(_step, line, IsDetail: Bookkeeping().IsMatch(line)));
    }

    private void End(StepOutcome outcome)
    {
        if (_step is not null)
        {
            happened(new BuildEvent.StepEnded(_step, outcome, Words: null));
            _step = null;
        }
    }

    // Colours that a step left on stand before what the builder says next.
    [GeneratedRegex(@"^(?:\e\[[0-9;]*m)*Step (?<number>\d{1,5})/(?<total>\d{1,5}) : (?<what>.+)")]
    private static partial Regex Title();

    [GeneratedRegex(@"^(?:\e\[[0-9;]*m)* ---> Using cache$")]
    private static partial Regex FromCache();

    [GeneratedRegex(@"^ ---> (?<id>[0-9a-f]{12})$")]
    private static partial Regex StepsImage();

    // What it says of its own containers and images.
    [GeneratedRegex(@"^(?:\e\[[0-9;]*m)*(?: ---> |Removing intermediate container )")]
    private static partial Regex Bookkeeping();

    [GeneratedRegex(@"^The command '.*' returned a non-zero code: (?<code>\d+)", RegexOptions.Singleline)]
    private static partial Regex ExitCode();

    [GeneratedRegex("^(?<what>COPY|ADD) failed: (?<reason>.+)", RegexOptions.Singleline)]
    private static partial Regex Copying();

    [GeneratedRegex(
        @"dockerfile parse error (?:on )?line (?<line>\d{1,6}): (?<reason>.+)", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex ParseError();
}
