using Microsoft.AspNetCore.Http;

namespace Ci.BuildKit.Files;

/// <summary>Which files BuildKit wants to hear of: the headers of its call (session/filesync in moby/buildkit).</summary>
/// <param name="Include">Patterns of paths, one of which a file must match; none for all.</param>
/// <param name="Exclude">What <c>.dockerignore</c> says.</param>
/// <param name="Follow">The paths that the Dockerfile copies, with wildcards; links on the way are to be followed. None for all.</param>
internal sealed record ContextQuery(IReadOnlyList<string> Include, IReadOnlyList<string> Exclude, IReadOnlyList<string> Follow)
{
    public static ContextQuery Of(IHeaderDictionary headers) =>
        new(Values(headers, "include-patterns"), Values(headers, "exclude-patterns"), Values(headers, "followpaths"));

    private static List<string> Values(IHeaderDictionary headers, string name)
    {
        // A list with a character in it that is not ASCII is escaped as a URL's query is, and a header says so.
        var isEscaped = headers[name + "-encoded"].FirstOrDefault() is "1" or "true";
        return [.. headers[name].OfType<string>().Select(value => isEscaped ? Uri.UnescapeDataString(value.Replace('+', ' ')) : value)];
    }
}
