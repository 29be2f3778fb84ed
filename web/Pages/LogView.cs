using Ci.Pipeline.Text;

namespace Ci.Web.Pages;

/// <summary>A log's sections as they grow: what a page has of them, or what is to be added to a page that is open.</summary>
public sealed class LogView
{
    /// <summary>How many lines a page shows of a long log, unless it is asked for all of it.</summary>
    public const int MostLines = 5000;

    // So many lines, and a log is opened section by section rather than all at once.
    private const int Many = 400;

    private readonly LogText _text = new();

    /// <summary>How many bytes of the log have been read.</summary>
    public long Offset => _text.Offset;

    /// <summary>How many lines have been read.</summary>
    public int Lines => _text.Lines;

    /// <summary>Reads what has come since, and returns it as sections, of which the first may go on with an earlier one.</summary>
    public async Task<IReadOnlyList<LogSection>> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var sections = new List<LogSection>();
        LogSection? current = null;
        var before = (Number: _text.Sections, Start: _text.SectionStart, End: _text.Newest);
        await foreach (var line in _text.ReadAsync(stream, cancellationToken))
        {
            if (current is null || current.Number != line.Section)
            {
                // The end of a section is the beginning of the next.
                Close(current, line.Seconds);
                if (current is null && line.Section != before.Number && before.Number > 0)
                {
                    sections.Add(new LogSection(before.Number, null) { Start = before.Start, End = line.Seconds ?? before.End });
                }

                current = new LogSection(line.Section, line.Title) { Start = _text.SectionStart };
                sections.Add(current);
            }

            current.Add(line);
        }

        Close(current, _text.Newest);
        return sections;
    }

    private static void Close(LogSection? section, double? end)
    {
        if (section is not null)
        {
            section.End = end ?? section.End;
        }
    }

    /// <summary>A whole log, or the end of a long one.</summary>
    internal static Markup Of(IReadOnlyList<LogSection> sections, int lines, bool all)
    {
        var first = all ? 0 : Math.Max(0, lines - MostLines);
        var shown = sections.Select(section => section.From(first)).Where(section => section.Lines.Count > 0).ToArray();
        return Markup.Join(shown.Select((section, i) => section.Render(isOpen: !section.IsDull && (lines <= Many || i >= shown.Length - 3))));
    }
}

/// <summary>A section of a log.</summary>
/// <param name="number">Its number.</param>
/// <param name="title">Its title; null if it goes on with one that is known.</param>
public sealed class LogSection(int number, string? title)
{
    private readonly List<LogLine> _lines = [];

    /// <summary>Its number.</summary>
    public int Number => number;

    /// <summary>Its title; null if it goes on with one that is known.</summary>
    public string? Title => title;

    /// <summary>When it began, in seconds.</summary>
    public double? Start { get; init; }

    /// <summary>When it ended, or its newest line was written.</summary>
    public double? End { get; set; }

    /// <summary>Its lines.</summary>
    public IReadOnlyList<LogLine> Lines => _lines;

    /// <summary>How long it took, for people; empty where that is not known.</summary>
    public string Took => End - Start is >= 0.05 and var seconds ? Format.Duration(TimeSpan.FromSeconds(seconds)) : "";

    /// <summary>Whether it is a step that says nothing: a build ends with half a dozen labels of ours.</summary>
    internal bool IsDull => title?.Contains(" · LABEL ", StringComparison.Ordinal) == true;

    internal void Add(LogLine line) => _lines.Add(line);

    /// <summary>Its lines behind the first <paramref name="skipped"/> lines of the log.</summary>
    internal LogSection From(int skipped)
    {
        var rest = new LogSection(number, title) { Start = Start, End = End };
        rest._lines.AddRange(_lines.Where(line => line.Number > skipped));
        return rest;
    }

    /// <summary>The section.</summary>
    internal Markup Render(bool isOpen) => Markup.Of($"""
        <details class="step" id="S{number}"{(isOpen ? Markup.Of($" open") : Markup.None)}>
        <summary><span class="what">{title ?? "Log"}</span> <span class="took" id="T{number}">{Took}</span></summary>
        <ol class="lines">{RenderLines()}</ol>
        </details>

        """);

    /// <summary>The lines. One of each section can be reached by the tab key, and from there the others by the arrow keys.</summary>
    internal Markup RenderLines() => Markup.Join(_lines.Select((line, i) => Markup.Of(
        $"<li id=\"L{line.Number}\"><a href=\"#L{line.Number}\" tabindex=\"{(i == 0 && title is not null ? 0 : -1)}\">{line.Number}</a><span class=\"say\">{line.Text}</span></li>")));
}
