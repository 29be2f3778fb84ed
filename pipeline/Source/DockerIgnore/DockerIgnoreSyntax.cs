using System.Buffers;
using System.Text;

namespace Ci.Pipeline.Source.DockerIgnore;

/// <summary>The form of a <c>.dockerignore</c> pattern, as Go's <c>filepath.Match</c> sees it.</summary>
internal static class DockerIgnoreSyntax
{
    private static readonly SearchValues<char> Odd = SearchValues.Create("[]\\*?^");

    /// <summary>What Go's <c>filepath.Match</c> accepts; docker refuses a pattern that it does not.</summary>
    public static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\\':
                    i++;
                    if (i == text.Length)
                    {
                        return false;
                    }

                    break;
                case '[':
                    i = EndOfClass(text, i + 1);
                    if (i < 0)
                    {
                        return false;
                    }

                    break;
            }
        }

        return true;
    }

    /// <summary>The index of the <c>]</c> that ends a class, or -1.</summary>
    private static int EndOfClass(string text, int i)
    {
        if (i < text.Length && text[i] == '^')
        {
            i++;
        }

        for (var ranges = 0; ; ranges++)
        {
            if (i < text.Length && text[i] == ']' && ranges > 0)
            {
                return i;
            }

            i = EndOfCharacter(text, i);
            if (i >= 0 && i < text.Length && text[i] == '-')
            {
                i = EndOfCharacter(text, i + 1);
            }

            if (i < 0 || i >= text.Length)
            {
                return -1;
            }
        }
    }

    private static int EndOfCharacter(string text, int i)
    {
        if (i >= text.Length || text[i] is '-' or ']')
        {
            return -1;
        }

        return text[i] != '\\' ? i + 1 : i + 1 < text.Length ? i + 2 : -1;
    }

    /// <summary>Plain text as a regular expression has it.</summary>
    public static string Escaped(ReadOnlySpan<char> text)
    {
        var regex = new StringBuilder();
        foreach (var c in text)
        {
            regex.Append(c is '.' or '+' or '(' or ')' or '|' or '{' or '}' or '$' ? "\\" : "").Append(c);
        }

        return regex.ToString();
    }

    /// <summary>The characters of the plain class that begins at <paramref name="i"/>, which is at its end then; null of another.</summary>
    public static Func<char, bool>? PlainClass(string text, ref int i)
    {
        var end = EndOfClass(text, i + 1);
        var negated = text[i + 1] == '^';
        var inner = end < 0 ? "" : text[(i + (negated ? 2 : 1))..end];
        if (inner.Length == 0 || inner.AsSpan().ContainsAny(Odd))
        {
            return null;
        }

        var ranges = new List<(char From, char To)>();
        for (var at = 0; at < inner.Length; at++)
        {
            var from = inner[at];
            at += at + 1 < inner.Length && inner[at + 1] == '-' ? 2 : 0;
            if (at >= inner.Length || from > inner[at])
            {
                return null;
            }

            ranges.Add((from, inner[at]));
        }

        i = end;
        return c => ranges.Exists(range => c >= range.From && c <= range.To) != negated;
    }
}
