namespace Ci.Pipeline.Source.Archive;

/// <summary>The symbolic links of an archive: where they may point to, and that nothing is written through one.</summary>
internal sealed class ArchiveLinks
{
    // All links' paths are kept in mind while the archive is read; a repository of a million files has some thousands.
    private const int MaxCharacters = 32 << 20;

    private readonly HashSet<string> _links = new(StringComparer.Ordinal);
    private long _characters;

    /// <summary>What is wrong with an entry at <paramref name="path"/>, or null.</summary>
    public string? ProblemAt(string path)
    {
        if (_links.Count == 0)
        {
            return null;
        }

        // Something written "through" a link would land wherever the link points to.
        for (var slash = path.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = path.IndexOf('/', slash + 1))
        {
            if (_links.Contains(path[..slash]))
            {
                return $"lies below {path[..slash]}, which is a symbolic link";
            }
        }

        return _links.Contains(path) ? "is there twice, once as a symbolic link" : null;
    }

    /// <summary>Keeps a link in mind; what is wrong with it, or null.</summary>
    public string? Add(string path, string target)
    {
        if (target.Length is 0 or > CommitRules.MaxPathLength || target.Contains('\0', StringComparison.Ordinal))
        {
            return $"is a symbolic link whose target is empty, has a NUL or more than {CommitRules.MaxPathLength} characters, "
                + "which no git commit can have";
        }

        if (Leaves(path, target))
        {
            return $"is a symbolic link to {target}, which is outside the repository";
        }

        _characters += path.Length;
        if (_characters > MaxCharacters)
        {
            return "is one of too many symbolic links";
        }

        _links.Add(path);
        return null;
    }

    /// <summary>Whether a relative link climbs out. An absolute one stays: it means a file of the image that is built.</summary>
    private static bool Leaves(string path, string target)
    {
        if (target.StartsWith('/'))
        {
            return false;
        }

        var depth = path.Count(c => c == '/');
        foreach (var part in target.Split('/'))
        {
            depth += part switch { ".." => -1, "" or "." => 0, _ => 1 };
            if (depth < 0)
            {
                return true;
            }
        }

        return false;
    }
}
