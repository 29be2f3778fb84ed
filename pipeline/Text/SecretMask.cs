using System.Buffers;
using System.Text;

namespace Ci.Pipeline.Text;

/// <summary>Hides secrets as they are, and as programs may print them: in base64, escaped for a URL, line by line.</summary>
public sealed class SecretMask
{
    public const string Shown = "***";

    // Hiding a shorter one would tear holes into ordinary text.
    private const int ShortestSecret = 6;
    private const int ShortestLine = 16;

    // A longer one is a key in lines, and these are hidden.
    private const int LongestWhole = 512;

    // Within its own log more of a build's secret is hidden than within all logs.
    private const int ShortestOwn = 4;

    // The longest first: of two that begin alike, all of the longer one goes.
    private readonly string[] _shapes;
    private readonly SearchValues<string> _search;

    public SecretMask(IEnumerable<string> secrets)
        : this([.. secrets.SelectMany(Shapes).Distinct(StringComparer.Ordinal)])
    {
    }

    private SecretMask(string[] shapes)
    {
        _shapes = [.. shapes.OrderByDescending(shape => shape.Length)];
        _search = SearchValues.Create(shapes, StringComparison.Ordinal);
    }

    /// <summary>Also hides what one build is given, each line of it.</summary>
    public SecretMask With(IEnumerable<string> own)
    {
        var shapes = own.SelectMany(secret => Shapes(secret).Concat(Lines(secret, ShortestOwn)));
        string[] added = [.. shapes.Except(_shapes, StringComparer.Ordinal)];
        return added.Length == 0 ? this : new([.. _shapes, .. added]);
    }

    public string Hide(string text)
    {
        var rest = text.AsSpan();
        var at = rest.IndexOfAny(_search);
        if (at < 0)
        {
            return text;
        }

        var shown = new StringBuilder(text.Length);
        for (; at >= 0; at = rest.IndexOfAny(_search))
        {
            shown.Append(rest[..at]).Append(Shown);
            rest = rest[(at + LengthAt(rest[at..]))..];
        }

        return shown.Append(rest).ToString();
    }

    private int LengthAt(ReadOnlySpan<char> text)
    {
        foreach (var shape in _shapes)
        {
            if (text.StartsWith(shape, StringComparison.Ordinal))
            {
                return shape.Length;
            }
        }

        throw new InvalidOperationException("A secret was found that there is none of.");
    }

    private static IEnumerable<string> Lines(string secret, int shortest) =>
        secret.Split('\n', StringSplitOptions.TrimEntries).Where(line => line.Length >= shortest);

    private static IEnumerable<string> Shapes(string secret)
    {
        if (secret.Length < ShortestSecret)
        {
            yield break;
        }

        foreach (var line in Lines(secret, ShortestLine))
        {
            yield return line;
        }

        if (secret.Length > LongestWhole)
        {
            yield break;
        }

        var bytes = Encoding.UTF8.GetBytes(secret);
        yield return secret;
        yield return Uri.EscapeDataString(secret);
        yield return Convert.ToHexStringLower(bytes);
        // Behind other text, as in user:password, the same bytes are encoded in three ways.
        for (var before = 0; before < 3; before++)
        {
            var shape = Convert.ToBase64String([.. new byte[before], .. bytes]);
            var whole = bytes.Length + before - ((bytes.Length + before) % 3);
            if (shape[(before == 0 ? 0 : 4)..(whole / 3 * 4)] is { Length: >= ShortestSecret } inner)
            {
                yield return inner;
            }
        }
    }
}
