using System.Text;
using Ci.Pipeline.Builds;

namespace Ci.Pipeline.Source.DockerIgnore;

/// <summary>A <c>.dockerignore</c>, read and matched as the <c>docker</c> command line does it; its semantics are those of
/// moby/patternmatcher and of the walk that the command line does over a folder.</summary>
internal sealed class DockerIgnoreFile
{
    private const int MaxPatterns = 10_000;
    private const int MaxOddPatterns = 16;

    private readonly List<DockerIgnorePattern> _patterns;

    // Files of one folder come one after another: what was found of a folder is remembered while it lasts.
    private readonly Dictionary<string, bool> _prunedFolders = new(StringComparer.Ordinal);

    private DockerIgnoreFile(List<DockerIgnorePattern> patterns) => _patterns = patterns;

    public static DockerIgnoreFile None() => new([]);

    /// <summary>One of patterns that were read already.</summary>
    /// <exception cref="SourceRefusedException">A pattern is malformed.</exception>
    public static DockerIgnoreFile Of(IReadOnlyList<string> patterns) => new(ParsePatterns(patterns));

    /// <summary>Reads a file's bytes; <paramref name="dockerfile"/> and <c>.dockerignore</c> are sent even if it excludes them.</summary>
    /// <exception cref="SourceRefusedException">A pattern is malformed.</exception>
    public static DockerIgnoreFile Parse(ReadOnlySpan<byte> file, string? dockerfile)
    {
        var ignore = new DockerIgnoreFile(ParsePatterns(ReadPatterns(file)));

        // The engine needs both, and takes them out of the context itself if they are excluded.
        foreach (var needed in new[] { ".dockerignore", dockerfile })
        {
            if (needed is not null && ignore.Matches(needed, default))
            {
                ignore._patterns.Add(DockerIgnorePattern.Parse("!" + needed));
            }
        }

        return ignore;
    }

    /// <summary>Whether a path, relative to the context and with <c>/</c>, is left out of the context.</summary>
    public bool Excludes(string path, CancellationToken cancellationToken = default)
    {
        if (_patterns.Count == 0)
        {
            return false;
        }

        // The command line walks folder by folder and does not enter one that is excluded, even if a wildcard
        // exception would have matched something in it.
        for (var slash = path.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = path.IndexOf('/', slash + 1))
        {
            if (IsPruned(path[..slash], cancellationToken))
            {
                return true;
            }
        }

        return Matches(path, cancellationToken);
    }

    private static List<DockerIgnorePattern> ParsePatterns(IEnumerable<string> lines)
    {
        var odd = 0;
        var patterns = new List<DockerIgnorePattern>();
        foreach (var line in lines)
        {
            patterns.Add(DockerIgnorePattern.Parse(line));
            odd += patterns[^1].IsOdd ? 1 : 0;
            if (patterns.Count > MaxPatterns || odd > MaxOddPatterns)
            {
                throw new SourceRefusedException(
                    $".dockerignore has more than {MaxPatterns} patterns, "
                    + $"or more than {MaxOddPatterns} with '\\', '^' or an unusual '[' in them.");
            }
        }

        return patterns;
    }

    private static List<string> ReadPatterns(ReadOnlySpan<byte> file)
    {
        var text = Encoding.UTF8.GetString(file.StartsWith("\uFEFF"u8) ? file[3..] : file);
        var patterns = new List<string>();
        foreach (var line in text.Split('\n'))
        {
            var pattern = line.StartsWith('#') ? "" : line.Trim();
            if (pattern.Length == 0)
            {
                continue;
            }

            var negated = pattern[0] == '!';
            var body = negated ? pattern[1..].Trim() : pattern;
            if (body.Length > 0)
            {
                body = Clean(body);
                body = body.Length > 1 && body[0] == '/' ? body[1..] : body;
            }

            patterns.Add(negated ? "!" + body : body);
        }

        return patterns;
    }

    /// <summary>The shortest path that means the same, as Go's <c>path.Clean</c> gives it.</summary>
    private static string Clean(string path)
    {
        var rooted = path[0] == '/';
        var parts = new List<string>();
        foreach (var part in path.Split('/').Where(part => part is not ("" or ".")))
        {
            if (part != ".." || (!rooted && (parts.Count == 0 || parts[^1] == "..")))
            {
                parts.Add(part);
            }
            else if (parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
        }

        var clean = (rooted ? "/" : "") + string.Join('/', parts);
        return clean.Length == 0 ? "." : clean;
    }

    private bool IsPruned(string folder, CancellationToken cancellationToken)
    {
        if (!_prunedFolders.TryGetValue(folder, out var pruned))
        {
            if (_prunedFolders.Count > 10_000)
            {
                _prunedFolders.Clear();
            }

            var below = folder + "/";
            pruned = Matches(folder, cancellationToken)
                && !_patterns.Any(p => p.IsException && (p.Text + "/").StartsWith(below, StringComparison.Ordinal));
            _prunedFolders[folder] = pruned;
        }

        return pruned;
    }

    /// <summary>The last pattern that matches the path or one of the folders above it decides.</summary>
    private bool Matches(string path, CancellationToken cancellationToken)
    {
        for (var i = _patterns.Count - 1; i >= 0; i--)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_patterns[i].MatchesPathOrParent(path))
            {
                return !_patterns[i].IsException;
            }
        }

        return false;
    }
}
