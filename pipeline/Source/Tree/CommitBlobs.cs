using System.Collections.Concurrent;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Source.Context;

namespace Ci.Pipeline.Source.Tree;

/// <summary>Single files of a commit, fetched from GitHub side by side by git's names of them, and kept while the commit is
/// built: they are few, and not large.</summary>
/// <param name="ask">Asks GitHub for the content of a name.</param>
internal sealed class CommitBlobs(Func<byte[], CancellationToken, Task<byte[]>> ask)
{
    /// <summary>The most files that a build is given one by one: at eight at once they take four times GitHub's time to answer,
    /// which is no longer than an archive takes to begin.</summary>
    public const int MaxFiles = 32;

    /// <summary>The most that they have together; well below the smallest repository that is listed.</summary>
    public const long MaxBytes = 8 << 20;

    // GitHub allows 100 at once, of all that a token is used for (REST, "Rate limits for the REST API").
    private const int AtOnce = 8;

    private readonly ConcurrentDictionary<string, byte[]> _kept = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private int _files;
    private long _bytes;

    /// <summary>What is in a file that was fetched, or null.</summary>
    public byte[]? Find(IndexedFile file) => _kept.GetValueOrDefault(KeyOf(file));

    public byte[] Kept(IndexedFile file) => file.Length == 0 ? [] : _kept[KeyOf(file)];

    /// <summary>Whether so many files may be fetched, on top of those that were; if so, they count.</summary>
    public bool TryTake(IReadOnlyCollection<IndexedFile> files)
    {
        var missing = Missing(files).ToList();
        lock (_lock)
        {
            if (_files + missing.Count > MaxFiles || _bytes + missing.Sum(file => file.Length) > MaxBytes)
            {
                return false;
            }

            _files += missing.Count;
            _bytes += missing.Sum(file => file.Length);
            return true;
        }
    }

    /// <summary>Fetches those of the files that are not here yet.</summary>
    /// <exception cref="SourceUnavailableException">GitHub did not give one.</exception>
    public Task FetchAsync(IEnumerable<IndexedFile> files, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        Missing(files),
        new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
        async (file, stop) => _kept[KeyOf(file)] = await ask(file.Hash, stop));

    private IEnumerable<IndexedFile> Missing(IEnumerable<IndexedFile> files) =>
        files.Where(file => file.Length > 0 && Find(file) is null).DistinctBy(KeyOf);

    private static string KeyOf(IndexedFile file) => Convert.ToHexStringLower(file.Hash);
}
