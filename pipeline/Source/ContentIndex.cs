using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;

namespace Ci.Pipeline.Source;

/// <summary>
/// What a commit has in each of its files, by hash, taken while its archive comes in: enough to tell whether two build
/// contexts are the same without reading them again.
/// </summary>
internal sealed class ContentIndex
{
    /// <summary>Of a commit with more files than this nothing is kept: it would be tens of megabytes.</summary>
    public const int MaxFiles = 50_000;

    private readonly List<IndexedFile> _files = [];
    private bool _isFull;

    /// <summary>Takes note of an entry, reading what it has in it.</summary>
    public async Task AddAsync(TarEntry entry, string path, Stream? content, CancellationToken cancellation)
    {
        if (_isFull || _files.Count == MaxFiles)
        {
            _isFull = true;
            _files.Clear();
            return;
        }

        _files.Add(entry.EntryType switch
        {
            TarEntryType.Directory => new IndexedFile(path, 'd', []),
            TarEntryType.SymbolicLink => new IndexedFile(path, 'l', SHA256.HashData(Encoding.UTF8.GetBytes(entry.LinkName))),
            _ => new IndexedFile(
                path,
                entry.Mode.HasFlag(UnixFileMode.UserExecute) ? 'x' : 'f',
                content is null ? SHA256.HashData([]) : await SHA256.HashDataAsync(content, cancellation)),
        });
    }

    /// <summary>
    /// A hash of an image's context: of the names, kinds and contents of its files, and not of their times, as the builders'
    /// own caches have it. Null of a commit with too many files.
    /// </summary>
    public byte[]? Hash(ContextRules rules, byte[]? ownIgnoreFile, CancellationToken cancellation)
    {
        if (_isFull)
        {
            return null;
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in _files)
        {
            if (rules.NameOf(file.Path, file.Kind == 'd', cancellation) is { } name)
            {
                // No name has a zero in it, and every other part has one length: two contexts give the same bytes only if they are the same.
                hash.AppendData(Encoding.UTF8.GetBytes($"{file.Kind}{name}\0"));
                hash.AppendData(file.Content);
            }
        }

        hash.AppendData(ownIgnoreFile ?? []);
        return hash.GetHashAndReset();
    }

    /// <param name="Path">From the repository's root.</param>
    /// <param name="Kind">A folder (d), a link (l), a file (f) or one that runs (x).</param>
    /// <param name="Content">A hash of what is in it, or of where it leads.</param>
    private sealed record IndexedFile(string Path, char Kind, byte[] Content);
}
