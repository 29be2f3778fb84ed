using System.IO.Enumeration;

namespace Ci.BuildKit.Files;

/// <summary>The paths that a build copies, and what their links lead to. A wildcard that is not understood stands for everything:
/// to hear of too many files harms no build.</summary>
internal sealed class ContextPaths
{
    private const int MaxPaths = 200;
    private const string Anything = "*";

    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly List<string[]> _paths = [];
    private readonly List<(string[] Path, string Target)> _links;

    private ContextPaths(IReadOnlyList<ContextFile> files) =>
        _links = [.. files.Where(file => file.Kind == ContextFileKind.Link).Select(link => (link.Path.Split('/'), link.LinkTarget))];

    /// <summary>Whether a file is one of those that the paths name, or is below one, or a link on the way to one; no path is all.</summary>
    public static Func<ContextFile, bool> Select(IReadOnlyList<string> paths, IReadOnlyList<ContextFile> files)
    {
        var found = new ContextPaths(files);
        return paths.Count > 0 && paths.All(path => found.Add(path)) ? found.Has : static _ => true;
    }

    private bool Has(ContextFile file)
    {
        var path = file.Path.Split('/');
        return _paths.Exists(wanted => Covers(wanted, path) || (file.Kind == ContextFileKind.Link && Covers(path, wanted, isWild: true)));
    }

    /// <summary>Adds a path and what it leads to through links; false when it names everything, or leads nowhere in the end.</summary>
    private bool Add(string path)
    {
        if (!_seen.Add(path))
        {
            return true;
        }

        var parts = Clean(path);
        _paths.Add(parts);
        return parts.Length > 0
            && _paths.Count <= MaxPaths
            && _links.TrueForAll(link => !Covers(link.Path, parts, isWild: true) || Add(TargetOf(link, parts[link.Path.Length..])));
    }

    /// <summary>A link's target is relative to the folder it is in; an absolute one is one in the context.</summary>
    private static string TargetOf((string[] Path, string Target) link, string[] rest) =>
        string.Join('/', [.. link.Target.StartsWith('/') ? [] : link.Path[..^1], link.Target, .. rest]);

    /// <summary>Whether the second path is the first or lies below it. Wildcards are read in the first, or in the second.</summary>
    private static bool Covers(string[] path, string[] other, bool isWild = false)
    {
        if (other.Length < path.Length)
        {
            return false;
        }

        for (var i = 0; i < path.Length; i++)
        {
            if (!(isWild ? Matches(other[i], path[i]) : Matches(path[i], other[i])))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Matches(string pattern, string name) =>
        pattern == name
        || (pattern.AsSpan().ContainsAny('*', '?') && FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false));

    private static string[] Clean(string path)
    {
        var parts = new List<string>();
        foreach (var part in path.Split('/'))
        {
            if (part == ".." && parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part.AsSpan().ContainsAny('[', '\\') || part.Contains("**", StringComparison.Ordinal))
            {
                // Sets of characters and escapes; what follows may lie anywhere below.
                parts.Add(Anything);
                break;
            }
            else if (part is not ("" or "." or ".."))
            {
                parts.Add(part);
            }
        }

        // A folder's every file is the folder.
        return parts is [Anything] ? [] : [.. parts];
    }
}
