using System.Text.RegularExpressions;

namespace Ci.Pipeline.Builds;

/// <summary>The grammar of image names and tags (distribution's reference grammar, github.com/distribution/reference).</summary>
internal static partial class ImageName
{
    public const int MaxRepositoryLength = 255;

    public const string RepositoryRule =
        "lower-case letters and digits, with single '.', '_', '__' or dashes between them, "
        + "in parts separated by '/', 255 characters at most";

    public const string TagRule = "letters, digits, '_', '.' and '-', not beginning with '.' or '-', 128 characters at most";

    public static bool IsRepository(string text) => text.Length <= MaxRepositoryLength && Repository().IsMatch(text);

    public static bool IsTag(string text) => Tag().IsMatch(text);

    [GeneratedRegex(@"^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*\z")]
    private static partial Regex Repository();

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\z")]
    private static partial Regex Tag();
}
