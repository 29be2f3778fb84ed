using System.Globalization;
using System.Text;

namespace Ci.Bench;

/// <summary>The results as Markdown: printed as they come, and written into docs/benchmarks.md when asked.</summary>
internal sealed class Report
{
    private const string Begin = "<!-- what ./run.sh bench --write measured -->";
    private const string End = "<!-- until here -->";

    private readonly StringBuilder _text = new();

    public void Heading(string text) => Line($"\n### {text}\n");

    public void Text(string text) => Line(text);

    public void Table(IReadOnlyList<string> header, IEnumerable<IReadOnlyList<string>> rows)
    {
        Line(Row(header));
        Line(Row(header.Select(_ => "---")));
        foreach (var row in rows)
        {
            Line(Row(row));
        }
    }

    /// <summary>Tells of what goes on, which is no result.</summary>
    public static void Progress(string text) => Console.Error.WriteLine($"  … {text}");

    public static string Seconds(double seconds) => seconds.ToString("F2", CultureInfo.InvariantCulture) + " s";

    public static string Milliseconds(double milliseconds) => milliseconds.ToString("F1", CultureInfo.InvariantCulture) + " ms";

    public static string Factor(double factor) => "× " + factor.ToString("F2", CultureInfo.InvariantCulture);

    public static string Met(bool isMet) => isMet ? "met" : "**missed**";

    /// <summary>Puts the results between the two marks in a document.</summary>
    public void WriteInto(string path)
    {
        var document = File.ReadAllText(path);
        var (begin, end) = (document.IndexOf(Begin, StringComparison.Ordinal), document.IndexOf(End, StringComparison.Ordinal));
        if (begin < 0 || end < begin)
        {
            throw new InvalidOperationException($"{path} has not the two lines between which the results go: {Begin} and {End}");
        }

        File.WriteAllText(path, $"{document[..(begin + Begin.Length)]}\n{_text}\n{document[end..]}");
    }

    private static string Row(IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |";

    private void Line(string text)
    {
        Console.WriteLine(text);
        _text.Append(text).Append('\n');
    }
}
