using System.Text;
using System.Text.RegularExpressions;

namespace Ci.Pipeline.Text;

/// <summary>Hides secrets as they are, and as programs may print them: in base64, escaped for a URL, line by line.</summary>
public sealed class SecretMask
{
    public const string Shown = "***";

    // Hiding a shorter one would tear holes into ordinary text.
    private const int ShortestSecret = 6;
    private const int ShortestLine = 16;

    // A longer one is a key in lines; of all its shapes the pattern would become larger than .NET takes.
    private const int LongestWhole = 512;

    // Within its own log more of a build's secret is hidden than within all logs.
    private const int ShortestOwn = 4;

    private readonly string[] _shapes;
    private readonly Regex? _secrets;

    public SecretMask(IEnumerable<string> secrets)
        : this([.. secrets.SelectMany(Shapes).Distinct(StringComparer.Ordinal)])
    {
    }

    private SecretMask(string[] shapes)
    {
        _shapes = shapes;
        var longestFirst = shapes.OrderByDescending(shape => shape.Length).Select(Regex.Escape);
        _secrets = shapes.Length == 0 ? null
            : new Regex(string.Join('|', longestFirst), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
    }

    /// <summary>Also hides what one build is given, each line of it.</summary>
    public SecretMask With(IEnumerable<string> own) => new(
        [.. _shapes.Concat(own.SelectMany(secret => Shapes(secret).Concat(Lines(secret, ShortestOwn)))).Distinct(StringComparer.Ordinal)]);

    public string Hide(string text) => _secrets?.Replace(text, Shown) ?? text;

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
