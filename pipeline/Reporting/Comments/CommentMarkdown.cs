using System.Globalization;
using System.Text;

namespace Ci.Pipeline.Reporting.Comments;

/// <summary>Puts text that anybody may have written into GitHub's Markdown so that it is shown and does nothing: in a code span
/// or a fence that is longer than any run of backticks in it, where neither markup nor mentions count (GitHub Flavored Markdown,
/// "Code spans" and "Fenced code blocks").</summary>
internal static class CommentMarkdown
{
    /// <summary>A short text within a line.</summary>
    public static string Code(string text, int most = 200)
    {
        var plain = Plain(text.ReplaceLineEndings(" ")).Trim();
        plain = plain.Length > most ? plain[..most] + "…" : plain;
        if (plain.Length == 0)
        {
            return "nothing";
        }

        var ticks = new string('`', LongestRun(plain) + 1);
        return ticks.Length > 1 ? $"{ticks} {plain} {ticks}" : ticks + plain + ticks;
    }

    /// <summary>Lines of a log.</summary>
    public static string Fence(IEnumerable<string> lines, string language = "")
    {
        var text = string.Join('\n', lines.Select(line => Plain(line.ReplaceLineEndings(" "))));
        var ticks = new string('`', Math.Max(3, LongestRun(text) + 1));
        return $"{ticks}{language}\n{text}\n{ticks}";
    }

    private static int LongestRun(string text)
    {
        var (longest, run) = (0, 0);
        foreach (var c in text)
        {
            run = c == '`' ? run + 1 : 0;
            longest = Math.Max(longest, run);
        }

        return longest;
    }

    /// <summary>Without what is not seen, or turns round what is.</summary>
    private static string Plain(string text)
    {
        var plain = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            var isSeen = Rune.GetUnicodeCategory(rune)
                is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate);
            plain.Append(isSeen || rune.Value == '\t' ? rune.ToString() : "");
        }

        return plain.ToString();
    }
}
