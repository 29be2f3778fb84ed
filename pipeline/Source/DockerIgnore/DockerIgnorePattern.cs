using System.Text;
using System.Text.RegularExpressions;
using Ci.Pipeline.Builds;

namespace Ci.Pipeline.Source.DockerIgnore;

/// <summary>One pattern of a <c>.dockerignore</c>, matched as moby/patternmatcher matches it, its oddities included.</summary>
internal sealed class DockerIgnorePattern
{
    public const int MaxLength = 1000;

    private const int MaxOddLength = 200;

    // What patternmatcher turns the pattern into, step by step in two ways: the regular expression is for those that only one can tell.
    private readonly StringBuilder _regex = new(@"\A");
    private readonly GlobMatcher _glob = new();
    private readonly Func<string, bool> _matchesPathOrParent;

    private DockerIgnorePattern(string text, bool isException)
    {
        Text = text;
        IsException = isException;
        _matchesPathOrParent = Compile() switch
        {
            Kind.Literal => path => AnyPart(path, part => part.SequenceEqual(text)),
            Kind.Prefix => path => path.AsSpan().StartsWith(text.AsSpan(..^2), StringComparison.Ordinal),
            Kind.Suffix => path => AnyPart(path, IsSuffixOf),
            _ when IsOdd => MatchOdd(),
            _ => _glob.IsPathOrParentMatch,
        };
    }

    private delegate bool PartMatch(ReadOnlySpan<char> part);

    private enum Kind
    {
        Literal,
        Prefix,
        Suffix,
        Regex,
    }

    public string Text { get; }

    /// <summary>Whether it begins with <c>!</c>, and brings back what it matches.</summary>
    public bool IsException { get; }

    /// <summary>Whether it has something of regular expressions in it, which takes much memory.</summary>
    public bool IsOdd { get; private set; }

    public static DockerIgnorePattern Parse(string pattern)
    {
        var isException = pattern[0] == '!';
        var text = isException ? pattern[1..] : pattern;
        if (text.Length == 0)
        {
            throw new SourceRefusedException(".dockerignore has a line with '!' alone; put the path that is to be kept behind it.");
        }

        if (text.Length > MaxLength)
        {
            throw new SourceRefusedException($".dockerignore has a pattern of more than {MaxLength} characters.");
        }

        return DockerIgnoreSyntax.IsWellFormed(text)
            ? new DockerIgnorePattern(text, isException)
            : throw new SourceRefusedException(
                $".dockerignore has the pattern '{pattern}', which is malformed: a '[' needs its ']', and a '\\' something behind it.");
    }

    public bool MatchesPathOrParent(string path) => _matchesPathOrParent(path);

    private static bool AnyPart(string path, PartMatch matches)
    {
        for (var slash = path.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = path.IndexOf('/', slash + 1))
        {
            if (matches(path.AsSpan(..slash)))
            {
                return true;
            }
        }

        return matches(path);
    }

    private bool IsSuffixOf(ReadOnlySpan<char> path) =>
        path.EndsWith(Text.AsSpan(2..), StringComparison.Ordinal)
        || (Text.Length > 2 && Text[2] == '/' && path.SequenceEqual(Text.AsSpan(3..)));

    /// <summary>patternmatcher knows four kinds of patterns: literal ones, <c>x**</c>, <c>**x</c> and all others. The first three
    /// are compared as texts, and there <c>**</c> is not bound to whole names: <c>**x</c> matches <c>ax</c> too.</summary>
    private Kind Compile()
    {
        var kind = Kind.Literal;
        for (var i = 0; i < Text.Length; i++)
        {
            switch (Text[i])
            {
                case '*' when i + 1 < Text.Length && Text[i + 1] == '*':
                    var first = i == 0;
                    i += i + 2 < Text.Length && Text[i + 2] == '/' ? 2 : 1;
                    kind = first ? Kind.Suffix : i + 1 == Text.Length && kind == Kind.Literal ? Kind.Prefix : Kind.Regex;
                    AddFolders(isLast: i + 1 == Text.Length);
                    break;
                case '*':
                    _regex.Append("[^/]*");
                    _glob.Any(c => c != '/');
                    kind = Kind.Regex;
                    break;
                case '?':
                    _regex.Append("[^/]");
                    _glob.One(c => c != '/');
                    kind = Kind.Regex;
                    break;
                case '\\':
                    AddEscaped(Text[++i]);
                    kind = Kind.Regex;
                    break;
                case '[':
                    i = AddClass(i);
                    kind = Kind.Regex;
                    break;
                case ']':
                    AddLiteral("]", ']');
                    kind = Kind.Regex;
                    break;
                case '.' or '+' or '(' or ')' or '|' or '{' or '}' or '$':
                    AddLiteral("\\" + Text[i], Text[i]);
                    break;
                default:
                    // To a regular expression, this is the beginning of the path.
                    IsOdd |= Text[i] == '^';
                    AddLiteral(Text[i].ToString(), Text[i]);
                    break;
            }
        }

        return kind;
    }

    private void AddLiteral(string regex, char c)
    {
        _regex.Append(regex);
        _glob.One(c);
    }

    private void AddFolders(bool isLast)
    {
        _regex.Append(isLast ? ".*" : "(.*/)?");
        if (isLast)
        {
            _glob.Any(c => c != '\n');
        }
        else
        {
            _glob.Folders(c => c != '\n');
        }
    }

    private int AddClass(int start)
    {
        var i = start;
        if (DockerIgnoreSyntax.PlainClass(Text, ref i) is { } isMeant)
        {
            // Should the pattern be odd elsewhere, this is how the class is written there.
            _regex.Append(DockerIgnoreSyntax.Escaped(Text.AsSpan(start, i + 1 - start)));
            _glob.One(isMeant);
        }
        else
        {
            _regex.Append('[');
            IsOdd = true;
        }

        return i;
    }

    /// <summary>patternmatcher hands an escaped letter to Go's regular expressions, where it is a class of characters or nothing
    /// that is known.</summary>
    private void AddEscaped(char escaped)
    {
        if (!char.IsAsciiLetterOrDigit(escaped))
        {
            AddLiteral(Regex.Escape(escaped.ToString()), escaped);
        }
        else if ("abBdDfnrsStvwW".Contains(escaped, StringComparison.Ordinal))
        {
            _regex.Append('\\').Append(escaped);
            IsOdd = true;
        }
        else
        {
            throw new SourceRefusedException($".dockerignore has the pattern '{Text}', which is malformed: '\\{escaped}' means nothing.");
        }
    }

    private Func<string, bool> MatchOdd()
    {
        if (Text.Length > MaxOddLength)
        {
            throw new SourceRefusedException($".dockerignore has the pattern '{Text[..MaxOddLength]}…', "
                + "which is too long for one with '\\', '^' or an unusual '[' in it.");
        }

        try
        {
            // Patterns come from the commit: the engine without backtracking cannot be kept busy by one.
            var regex = new Regex(_regex.Append(@"\z").ToString(), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return path => AnyPart(path, part => regex.IsMatch(part));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new SourceRefusedException($".dockerignore has the pattern '{Text}', which is malformed.");
        }
    }
}
