using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Ci.Web.Pages;

/// <summary>A line of a log as pages show it.</summary>
/// <param name="Number">Its number, from 1: what <c>#L12</c> leads to.</param>
/// <param name="Section">The section that it is in, from 1.</param>
/// <param name="Title">The section's title, on its first line; otherwise null.</param>
/// <param name="Seconds">When it was written, in seconds from the try's begin; null if the line does not say.</param>
/// <param name="Text">What it says.</param>
public sealed record LogLine(int Number, int Section, string? Title, double? Seconds, Markup Text);

/// <summary>
/// Reads a log, as it grows, into lines, and the lines into sections: one for each step of the Dockerfile, and one for
/// what goes before and behind them. It goes by lines that are complete.
/// </summary>
public sealed partial class LogText
{
    private readonly AnsiText _ansi = new();
    private readonly ArrayBufferWriter<byte> _rest = new();
    private string? _title;
    private int _tries;

    /// <summary>How many bytes have become lines.</summary>
    public long Offset { get; private set; }

    /// <summary>How many lines there are.</summary>
    public int Lines { get; private set; }

    /// <summary>How many sections there are.</summary>
    public int Sections { get; private set; }

    /// <summary>When the section that goes on now began.</summary>
    public double? SectionStart { get; private set; }

    /// <summary>When the newest line was written.</summary>
    public double? Newest { get; private set; }

    /// <summary>Reads what has come since.</summary>
    public async IAsyncEnumerable<LogLine> ReadAsync(
        Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var buffer = new byte[64 << 10];
        // What was begun and not ended is read again with the rest of it.
        _rest.ResetWrittenCount();
        int read;
        while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            foreach (var line in Split(buffer.AsMemory(0, read)))
            {
                yield return Add(line);
            }
        }
    }

    private List<string> Split(ReadOnlyMemory<byte> bytes)
    {
        var lines = new List<string>();
        while (bytes.Span.IndexOf((byte)'\n') is >= 0 and var end)
        {
            _rest.Write(bytes.Span[..end]);
            Offset += _rest.WrittenCount + 1;
            lines.Add(Encoding.UTF8.GetString(_rest.WrittenSpan));
            _rest.ResetWrittenCount();
            bytes = bytes[(end + 1)..];
        }

        _rest.Write(bytes.Span);
        return lines;
    }

    private LogLine Add(string raw)
    {
        var match = Timed().Match(raw);
        double? seconds = match.Success ? double.Parse(match.Groups["seconds"].Value, CultureInfo.InvariantCulture) : null;
        var text = match.Success ? match.Groups["text"].Value : raw;
        var title = TitleOf(text);
        var begins = title is not null && title != _title;
        if (begins)
        {
            Sections++;
            SectionStart = seconds;
            _title = title;
            _ansi.Reset();
        }

        Lines++;
        Newest = seconds;
        var line = _ansi.Line(text);
        return new LogLine(Lines, Sections, begins ? title : null, seconds, Noise().IsMatch(text) ? Markup.Of($"<span class=\"d\">{line}</span>") : line);
    }

    /// <summary>The title of the section that a line begins or is known to belong to; null for any other line.</summary>
    private string? TitleOf(string text)
    {
        var plain = text.Contains('\e') ? Codes().Replace(text, "") : text;
        return Step().Match(plain) is { Success: true } step ? $"Step {step.Groups["step"].Value} · {(step.Groups["what"] is { Success: true, Value: var what } ? what : "goes on")}"
            : Begin().IsMatch(plain) ? (++_tries == 1 ? "Source" : $"Try {_tries.ToString(CultureInfo.InvariantCulture)} · Source")
            : Image().Match(plain) is { Success: true } image ? $"Build {image.Groups["name"].Value}"
            : Push().Match(plain) is { Success: true } push ? $"Push {push.Groups["name"].Value}"
            : Tags().IsMatch(plain) ? "Tags"
            : End().IsMatch(plain) ? "End"
            : _title is null ? "Begin"
            : null;
    }

    [GeneratedRegex(@"^\s*(?<seconds>\d{1,9}\.\d)s  (?<text>.*)$", RegexOptions.Singleline)]
    private static partial Regex Timed();

    [GeneratedRegex(@"\e\[[0-9;?]*[A-Za-z]")]
    private static partial Regex Codes();

    // What the classic builder says of its own containers and images: it is there, but not in the way.
    [GeneratedRegex(@"^(?:\e\[[0-9;]*m)*(?: ---> |Removing intermediate container )")]
    private static partial Regex Noise();

    // BuildKit's steps name their stage, and of stages that run side by side now one goes on and now the other.
    [GeneratedRegex(@"^Step (?<step>(?:\S{1,128} )?\d{1,9}/\d{1,9})(?: : (?<what>.{1,200})| …$)")]
    private static partial Regex Step();

    [GeneratedRegex(@"^Build of \S+ pull request #\d+ at [0-9a-f]+, attempt \d+$")]
    private static partial Regex Begin();

    [GeneratedRegex(@"^Building (?<name>\S+) from \S+$")]
    private static partial Regex Image();

    [GeneratedRegex(@"^The push refers to repository \[(?<name>[^\]]+)\]")]
    private static partial Regex Push();

    [GeneratedRegex(@"^Pushed \S+ as .+: sha256:[0-9a-f]{64}, ")]
    private static partial Regex Tags();

    [GeneratedRegex("^(?:Succeeded|Failed|Error): ")]
    private static partial Regex End();
}
