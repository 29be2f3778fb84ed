using System.Globalization;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Text;

namespace Ci.Web.Pages;

/// <summary>The number counts from 1; <c>#L12</c> leads to it.</summary>
public sealed record LogLine(int Number, Markup Text);

public sealed class LogView
{
    /// <summary>Of a longer log a page shows the end, unless it is asked for all.</summary>
    public const int MostLines = 5000;

    // So many lines, and a log is opened section by section rather than all at once.
    private const int Many = 400;

    private readonly BuildLogReader _log = new();
    private readonly AnsiText _ansi = new();
    private LogSection? _current;
    private int _tries;

    public long Offset => _log.Offset;

    public int Lines { get; private set; }

    /// <summary>Reads to the end or to <paramref name="until"/>. The first section may go on with an earlier one.</summary>
    public async Task<IReadOnlyList<LogSection>> ReadAsync(Stream stream, CancellationToken cancellationToken, long until = long.MaxValue)
    {
        var sections = new List<LogSection>();
        // What goes on has its lines on the page already.
        _current = _current?.Rest();
        await foreach (var record in _log.ReadAsync(stream, cancellationToken))
        {
            Add(record, sections);
            if (Offset >= until)
            {
                break;
            }
        }

        return sections;
    }

    private void Add(LogRecord record, List<LogSection> sections)
    {
        if (_current is null || record.Stage is not null || record.Step is not null)
        {
            if (_current is not null)
            {
                // The end of a section is the beginning of the next.
                _current.End = record.Time ?? _current.End;
                Show(_current, sections);
            }

            _current = new LogSection((_current?.Number ?? 0) + 1, TitleOf(record))
            {
                Start = record.Time,
                IsDull = record.Step?.Instruction.StartsWith("LABEL ", StringComparison.Ordinal) == true,
            };
            _ansi.Reset();
        }

        Show(_current, sections);
        _current.End = record.Time ?? _current.End;
        var line = _ansi.Line(record.Line);
        _current.Add(new LogLine(++Lines, record.IsDetail ? Markup.Of($"<span class=\"d\">{line}</span>") : line));
    }

    private static void Show(LogSection section, List<LogSection> sections)
    {
        if (sections is not [.., var last] || last != section)
        {
            sections.Add(section);
        }
    }

    private string TitleOf(LogRecord record) => record switch
    {
        { Step: { Instruction.Length: > 0 } step } => $"Step {step.Place} · {step.Instruction[..Math.Min(step.Instruction.Length, 200)]}",
        { Step: { } step } => $"Step {step.Place} · goes on",
        { Stage: StageKind.Source } when ++_tries > 1 => string.Create(CultureInfo.InvariantCulture, $"Try {_tries} · Source"),
        { Stage: { } stage } => $"{stage} {record.Image}".TrimEnd(),
        { Time: null } => "Log",
        _ => "Begin",
    };

    internal static Markup Of(IReadOnlyList<LogSection> sections, int lines, bool all)
    {
        var first = all ? 0 : Math.Max(0, lines - MostLines);
        var shown = sections.Select(section => section.From(first)).Where(section => section.Lines.Count > 0).ToArray();
        return Markup.Join(
            shown.Select((section, i) => section.Render(isOpen: !section.IsDull && (lines <= Many || i >= shown.Length - 3))));
    }
}

public sealed class LogSection(int number, string? title)
{
    private readonly List<LogLine> _lines = [];

    public int Number => number;

    /// <summary>Null if it goes on with a section that is known.</summary>
    public string? Title => title;

    public double? Start { get; init; }

    /// <summary>When it ended, or its newest line was written.</summary>
    public double? End { get; set; }

    public IReadOnlyList<LogLine> Lines => _lines;

    /// <summary>Empty where that is not known.</summary>
    public string Took => End - Start is >= 0.05 and var seconds ? Format.Duration(TimeSpan.FromSeconds(seconds)) : "";

    /// <summary>A build ends with half a dozen steps that set our labels and say nothing.</summary>
    internal bool IsDull { get; init; }

    internal void Add(LogLine line) => _lines.Add(line);

    internal LogSection Rest() => new(number, null) { Start = Start, End = End };

    internal LogSection From(int skipped)
    {
        var rest = new LogSection(number, title) { Start = Start, End = End, IsDull = IsDull };
        rest._lines.AddRange(_lines.Where(line => line.Number > skipped));
        return rest;
    }

    internal Markup Render(bool isOpen) => Render(isOpen, RenderLines(), Took);

    /// <summary>Null for a section that goes on with another.</summary>
    internal Markup? RenderShell() => title is null ? null : Render(isOpen: !IsDull, Markup.None, "");

    /// <summary>The tab key reaches one line of each section, the arrow keys the others from there.</summary>
    internal Markup RenderLines() => Markup.Join(_lines.Select((line, i) => Markup.Of(
        $"<li id=\"L{line.Number}\"><a href=\"#L{line.Number}\" tabindex=\"{(i == 0 && title is not null ? 0 : -1)}\">{line.Number}</a>"
        + $"<span class=\"say\">{line.Text}</span></li>")));

    private Markup Render(bool isOpen, Markup lines, string took) => Markup.Of($"""
        <details class="step" id="S{number}"{(isOpen ? Markup.Of($" open") : Markup.None)}>
        <summary><span class="what">{title ?? "Log"}</span> <span class="took" id="T{number}">{took}</span></summary>
        <ol class="lines">{lines}</ol>
        </details>

        """);
}
