using System.Text.RegularExpressions;

namespace Ci.Pipeline.Builds;

/// <summary>The grammar of image names and tags (distribution's reference grammar, github.com/distribution/reference).</summary>
public static partial class ImageName
{
    /// <summary>The most characters a repository's name may have.</summary>
    public const int MaxRepositoryLength = 255;

    /// <summary>What a repository's name may be, for people.</summary>
    public const string RepositoryRule =
        "lower-case letters and digits, with single '.', '_', '__' or dashes between them, in parts separated by '/', 255 characters at most";

    /// <summary>What a tag may be, for people.</summary>
    public const string TagRule = "letters, digits, '_', '.' and '-', not beginning with '.' or '-', 128 characters at most";

    /// <summary>Whether a text is a repository's name (without a registry's address).</summary>
    public static bool IsRepository(string text) => text.Length <= MaxRepositoryLength && Repository().IsMatch(text);

    /// <summary>Whether a text is a tag.</summary>
    public static bool IsTag(string text) => Tag().IsMatch(text);

    [GeneratedRegex(@"^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*\z")]
    private static partial Regex Repository();

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\z")]
    private static partial Regex Tag();
}
