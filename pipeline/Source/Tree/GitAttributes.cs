using System.Text;

namespace Ci.Pipeline.Source.Tree;

/// <summary>Whether a <c>.gitattributes</c> leaves a commit's archive as its tree is (gitattributes(5)). Attributes may leave
/// files out of it, fill words in, or have it in another encoding; of one that is not known it is supposed that it does.</summary>
internal static class GitAttributes
{
    /// <summary>The file's name, in any folder.</summary>
    public const string Name = ".gitattributes";

    // With no value, or with any. What only tells how files are shown, compared and merged does not touch an archive.
    private static readonly string[] Harmless =
        ["text", "binary", "diff", "merge", "whitespace", "conflict-marker-size", "delta", "encoding"];

    private static readonly string[] HarmlessValues = ["text=auto", "eol=lf", "crlf=input"];

    public static bool AreHarmless(ReadOnlySpan<byte> file)
    {
        foreach (var line in Encoding.UTF8.GetString(file).Split('\n').Select(line => line.Trim()))
        {
            if (line.Length > 0 && line[0] != '#' && !IsHarmless(line))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsHarmless(string line)
    {
        // A quoted pattern, and a macro, which gives attributes another name.
        if (line[0] is '"' or '[' or '\uFEFF')
        {
            return false;
        }

        return line.Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries).Skip(1).All(IsHarmlessAttribute);
    }

    private static bool IsHarmlessAttribute(string attribute) =>
        // Taken back, or not said: as if it stood nowhere.
        attribute[0] is '-' or '!'
        || HarmlessValues.Contains(attribute)
        || Harmless.Contains(attribute.StartsWith("text=", StringComparison.Ordinal) ? "" : attribute.Split('=')[0])
        || attribute.StartsWith("linguist-", StringComparison.Ordinal);
}
