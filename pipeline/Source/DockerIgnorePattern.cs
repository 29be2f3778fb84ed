using System.Text;
using System.Text.RegularExpressions;

namespace Ci.Pipeline.Source;

/// <summary>One pattern of a <c>.dockerignore</c>, matched as moby/patternmatcher matches it, its oddities included.</summary>
internal sealed class DockerIgnorePattern
{
    private readonly Func<string, bool> _matches;

    private DockerIgnorePattern(string text, bool isException)
    {
        Text = text;
        IsException = isException;
        _matches = Compile(text);
    }

    /// <summary>The pattern without its <c>!</c>.</summary>
    public string Text { get; }

    /// <summary>Whether it begins with <c>!</c>, and brings back what it matches.</summary>
    public bool IsException { get; }

    public static DockerIgnorePattern Parse(string pattern)
    {
        var isException = pattern[0] == '!';
        var text = isException ? pattern[1..] : pattern;
        if (text.Length == 0)
        {
            throw new SourceRefusedException(".dockerignore has a line with '!' alone; put the path that is to be kept behind it.");
        }

        return IsWellFormed(text)
            ? new DockerIgnorePattern(text, isException)
            : throw new SourceRefusedException($".dockerignore has the pattern '{pattern}', which is malformed: a '[' needs its ']', and a '\\' something behind it.");
    }

    public bool MatchesPathOrParent(string path)
    {
        if (_matches(path))
        {
            return true;
        }

        for (var slash = path.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = path.IndexOf('/', slash + 1))
        {
            if (_matches(path[..slash]))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// patternmatcher knows four kinds of patterns: literal ones, <c>x**</c>, <c>**x</c> and all others. The first three
    /// are compared as texts, and there <c>**</c> is not bound to whole names: <c>**x</c> matches <c>ax</c> too.
    /// </summary>
    private static Func<string, bool> Compile(string text)
    {
        var regex = new StringBuilder(@"\A");
        var kind = Kind.Literal;
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '*' when i + 1 < text.Length && text[i + 1] == '*':
                    var first = i == 0;
                    i++;
                    if (i + 1 < text.Length && text[i + 1] == '/')
                    {
                        i++;
                    }

                    if (i + 1 < text.Length)
                    {
                        regex.Append("(.*/)?");
                        kind = Kind.Regex;
                    }
                    else if (kind == Kind.Literal)
                    {
                        kind = Kind.Prefix;
                    }
                    else
                    {
                        regex.Append(".*");
                        kind = Kind.Regex;
                    }

                    kind = first ? Kind.Suffix : kind;
                    break;
                case '*':
                    regex.Append("[^/]*");
                    kind = Kind.Regex;
                    break;
                case '?':
                    regex.Append("[^/]");
                    kind = Kind.Regex;
                    break;
                case '\\':
                    regex.Append(Escape(text[++i], text));
                    kind = Kind.Regex;
                    break;
                case '[' or ']':
                    regex.Append(text[i]);
                    kind = Kind.Regex;
                    break;
                case '.' or '+' or '(' or ')' or '|' or '{' or '}' or '$':
                    regex.Append('\\').Append(text[i]);
                    break;
                default:
                    regex.Append(text[i]);
                    break;
            }
        }

        return kind switch
        {
            Kind.Literal => path => path == text,
            Kind.Prefix => path => path.StartsWith(text[..^2], StringComparison.Ordinal),
            Kind.Suffix => path => path.EndsWith(text[2..], StringComparison.Ordinal) || (text.Length > 2 && text[2] == '/' && path == text[3..]),
            _ => CompileRegex(regex.Append(@"\z").ToString(), text),
        };
    }

    /// <summary>patternmatcher hands an escaped letter to Go's regular expressions, where it is a class of characters or nothing that is known.</summary>
    private static string Escape(char escaped, string text) =>
        !char.IsAsciiLetterOrDigit(escaped) ? Regex.Escape(escaped.ToString())
        : "abBdDfnrsStvwW".Contains(escaped, StringComparison.Ordinal) ? "\\" + escaped
        : throw new SourceRefusedException($".dockerignore has the pattern '{text}', which is malformed: '\\{escaped}' means nothing.");

    private static Func<string, bool> CompileRegex(string expression, string text)
    {
        try
        {
            // Patterns come from the commit: the engine without backtracking cannot be kept busy by one.
            var regex = new Regex(expression, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return regex.IsMatch;
        }
        catch (ArgumentException)
        {
            throw new SourceRefusedException($".dockerignore has the pattern '{text}', which is malformed.");
        }
    }

    /// <summary>What Go's <c>filepath.Match</c> accepts; docker refuses a pattern that it does not.</summary>
    private static bool IsWellFormed(string text)
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

    private enum Kind
    {
        Literal,
        Prefix,
        Suffix,
        Regex,
    }
}
