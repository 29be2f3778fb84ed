using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using Ci.Pipeline.GitHub;

namespace Ci.Pipeline.Source.Context;

/// <summary>What a commit has in each of its files, taken while its archive comes in: enough to tell whether two build contexts
/// are the same, and to list one, without reading it all again. Small files are kept whole.</summary>
internal sealed class ContentIndex
{
    /// <summary>Of a commit with more files than this nothing is kept: it would be tens of megabytes.</summary>
    public const int MaxFiles = 50_000;

    // The longest paths and links that a commit can have would be hundreds.
    private const int MaxCharacters = 16 << 20;
    private const int MaxSmallBytes = 64 << 10;
    private const int MaxKeptBytes = 4 << 20;

    private readonly List<IndexedFile> _files = [];
    private long _characters;
    private int _kept;

    /// <summary>Whether the commit has more files than are kept; then there are none here.</summary>
    public bool IsFull { get; private set; }

    /// <summary>The commit's files, folders and links, in the archive's order.</summary>
    public IReadOnlyList<IndexedFile> Files => _files;

    /// <summary>Takes note of an entry of the archive, reading what it has in it.</summary>
    public async Task AddAsync(TarEntry entry, string path, Stream content, CancellationToken cancellationToken)
    {
        if (!HasRoom(path, entry.LinkName))
        {
            return;
        }

        var isSmall = entry.Length <= Math.Min(MaxSmallBytes, MaxKeptBytes - _kept);
        var small = isSmall ? await KeepAsync(content, (int)entry.Length, cancellationToken) : null;
        var hash = await NameAsync(entry, small, content, cancellationToken);
        _files.Add(new IndexedFile(path, KindOf(entry), entry.Length, entry.ModificationTime, entry.LinkName, hash, small));
    }

    public void Add(IndexedFile file)
    {
        if (HasRoom(file.Path, file.LinkTarget))
        {
            _files.Add(file);
        }
    }

    /// <summary>A hash of an image's context: of the names, kinds and contents of its files, and not of their times, as the
    /// builders' own caches have it. Null of a commit with too many files.</summary>
    public byte[]? Hash(ContextFilter rules, byte[]? ownIgnoreFile, CancellationToken cancellationToken)
    {
        if (IsFull)
        {
            return null;
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // In the order of the paths: a list of the commit may have another than its archive.
        foreach (var file in _files.OrderBy(file => file.Path, StringComparer.Ordinal))
        {
            if (rules.NameOf(file.Path, file.Kind == IndexedKind.Folder, cancellationToken) is { } name)
            {
                // No name has a zero in it, and every other part has one length: only the same contexts give the same bytes.
                hash.AppendData(Encoding.UTF8.GetBytes($"{(char)file.Kind}{name}\0"));
                hash.AppendData(file.Hash);
            }
        }

        hash.AppendData(ownIgnoreFile ?? []);
        return hash.GetHashAndReset();
    }

    private bool HasRoom(string path, string linkTarget)
    {
        _characters += path.Length + linkTarget.Length;
        if (IsFull || _files.Count == MaxFiles || _characters > MaxCharacters)
        {
            IsFull = true;
            _files.Clear();
        }

        return !IsFull;
    }

    private async Task<byte[]> KeepAsync(Stream content, int length, CancellationToken cancellationToken)
    {
        var bytes = new byte[length];
        await content.ReadExactlyAsync(bytes, cancellationToken);
        _kept += length;
        return bytes;
    }

    private static async Task<byte[]> NameAsync(
        TarEntry entry, byte[]? small, Stream content, CancellationToken cancellationToken) => KindOf(entry) switch
    {
        IndexedKind.Folder => [],
        IndexedKind.Link => GitBlob.Name(Encoding.UTF8.GetBytes(entry.LinkName)),
        _ when small is not null => GitBlob.Name(small),
        _ => await GitBlob.NameAsync(content, entry.Length, cancellationToken),
    };

    public static IndexedKind KindOf(TarEntry entry) => entry.EntryType switch
    {
        TarEntryType.Directory => IndexedKind.Folder,
        TarEntryType.SymbolicLink => IndexedKind.Link,
        _ => entry.Mode.HasFlag(UnixFileMode.UserExecute) ? IndexedKind.Executable : IndexedKind.File,
    };
}

/// <summary>What git has, each with the letter that stands for it in a context's hash.</summary>
internal enum IndexedKind
{
    Folder = 'd',
    Link = 'l',
    File = 'f',
    Executable = 'x',
}

/// <param name="Path">From the repository's root.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Length">The content's, in bytes.</param>
/// <param name="Modified">The commit's time.</param>
/// <param name="LinkTarget">Where a link leads.</param>
/// <param name="Hash">Git's name (<see cref="GitBlob"/>) of what is in it, or of where it leads; empty of a folder.</param>
/// <param name="Content">What is in it, if it is small.</param>
internal sealed record IndexedFile(
    string Path, IndexedKind Kind, long Length, DateTimeOffset Modified, string LinkTarget, byte[] Hash, byte[]? Content);
