using Ci.Pipeline.Builds;
using Ci.Pipeline.Source.Archive;

namespace Ci.Pipeline.Source;

/// <summary>What each file, folder and link of a commit must keep to, whether an archive has it or a list.</summary>
internal sealed class CommitRules(SourceOptions limits)
{
    /// <summary>The most characters a path may have: Linux takes no longer one, and neither can git check one out.</summary>
    public const int MaxPathLength = 4096;

    private readonly ArchiveLinks _links = new();
    private int _count;
    private long _bytes;

    /// <summary>Counts one more.</summary>
    /// <exception cref="SourceRefusedException">It is one too many.</exception>
    public void Count()
    {
        if (++_count > limits.MaxEntries)
        {
            throw new SourceRefusedException(
                $"The commit has more than {limits.MaxEntries} files and folders. "
                + "Make the repository smaller, or raise Source__MaxEntries.");
        }
    }

    /// <summary>Adds a file's length, for what has no archive whose bytes are counted (<see cref="UnpackedStream"/>).</summary>
    /// <exception cref="SourceRefusedException">They are too many bytes together.</exception>
    public void AddLength(long length)
    {
        if (length > limits.MaxUnpackedBytes - _bytes)
        {
            throw UnpackedStream.TooLarge(limits.MaxUnpackedBytes);
        }

        _bytes += length;
    }

    /// <summary>Looks at a path, which has no slash at its end.</summary>
    /// <exception cref="SourceRefusedException">It leaves the repository, or is too long.</exception>
    public static void CheckPath(string path)
    {
        var parts = path.Split('/');
        if (path.StartsWith('/') || path.Contains('\0', StringComparison.Ordinal) || parts.Any(part => part is ".." or "." or ""))
        {
            throw Refused(path, "has a path that leaves the repository or is no plain path");
        }

        if (path.Length > MaxPathLength)
        {
            throw Refused(path, $"has a path of more than {MaxPathLength} characters");
        }
    }

    /// <summary>Looks at whether something lies behind a link, and where a link leads.</summary>
    /// <param name="path">The path from the repository's root.</param>
    /// <param name="target">Where a link leads; null of anything else.</param>
    /// <exception cref="SourceRefusedException">It lies behind one, or leads out of the repository.</exception>
    public void CheckLinks(string path, string? target)
    {
        if ((_links.ProblemAt(path) ?? (target is null ? null : _links.Add(path, target))) is { } problem)
        {
            throw Refused(path, problem);
        }
    }

    /// <summary>The sentence with which something is refused.</summary>
    public static SourceRefusedException Refused(string path, string why) =>
        new($"The commit's archive is refused: '{(path.Length > 200 ? path[..200] + "…" : path)}' {why}.");
}
