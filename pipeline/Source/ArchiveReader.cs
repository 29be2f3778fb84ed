using System.Formats.Tar;
using System.IO.Compression;

namespace Ci.Pipeline.Source;

/// <summary>
/// Goes through a commit's gzipped tar and gives the entries that a git commit can have, with their paths from the
/// repository's root. All else (devices, hard links, paths that leave the repository, bombs) is refused.
/// </summary>
internal sealed class ArchiveReader : IAsyncDisposable
{
    private readonly GZipStream _unzipped;
    private readonly LimitedStream _limited;
    private readonly TarReader _tar;
    private readonly SourceOptions _limits;
    private readonly HashSet<string> _links = new(StringComparer.Ordinal);
    private string? _top;
    private int _count;

    public ArchiveReader(Stream compressed, SourceOptions limits)
    {
        _limits = limits;
        _unzipped = new GZipStream(compressed, CompressionMode.Decompress);
        _limited = new LimitedStream(_unzipped, limits.MaxUnpackedBytes);
        _tar = new TarReader(_limited);
    }

    /// <summary>The next entry and its path without the top folder, or null at the end.</summary>
    public async Task<(TarEntry Entry, string Path)?> NextAsync(CancellationToken cancellation)
    {
        while (await ReadEntryAsync(cancellation) is { } entry)
        {
            if (entry.EntryType == TarEntryType.GlobalExtendedAttributes)
            {
                continue;
            }

            if (++_count > _limits.MaxEntries)
            {
                throw new SourceRefusedException(
                    $"The commit has more than {_limits.MaxEntries} files and folders. Make the repository smaller, or raise Source__MaxEntries.");
            }

            if (WithoutTop(entry) is { Length: > 0 } path)
            {
                CheckLinks(entry, path);
                return (entry, path);
            }
        }

        return null;
    }

    /// <summary>Reads what stands behind the last entry, so that all of the archive has been seen.</summary>
    public Task DrainAsync(CancellationToken cancellation) => _limited.CopyToAsync(Stream.Null, 1 << 16, cancellation);

    public async ValueTask DisposeAsync()
    {
        await _tar.DisposeAsync();
        await _limited.DisposeAsync();
        await _unzipped.DisposeAsync();
    }

    private async Task<TarEntry?> ReadEntryAsync(CancellationToken cancellation)
    {
        try
        {
            return await _tar.GetNextEntryAsync(copyData: false, cancellation);
        }
        catch (EndOfStreamException e)
        {
            throw new SourceUnavailableException("The commit's archive came in cut short.", inner: e);
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or ArgumentException or OverflowException)
        {
            throw new SourceRefusedException("What GitHub sent as the commit's archive is no gzipped tar.");
        }
    }

    /// <summary>GitHub puts everything into one folder, <c>owner-repo-sha</c>.</summary>
    private string WithoutTop(TarEntry entry)
    {
        var name = entry.Name.TrimEnd('/');
        if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.Directory or TarEntryType.SymbolicLink))
        {
            throw Refused(name, $"is a {Kind(entry.EntryType)}, which no git commit can have");
        }

        var parts = name.Split('/');
        if (name.StartsWith('/') || parts.Contains("..") || parts.Contains(".") || parts.Contains("") || name.Contains('\0', StringComparison.Ordinal))
        {
            throw Refused(name, "has a path that leaves the repository or is no plain path");
        }

        _top ??= parts[0];
        return parts[0] == _top
            ? string.Join('/', parts[1..])
            : throw Refused(name, $"lies outside the archive's one folder, {_top}");
    }

    private void CheckLinks(TarEntry entry, string path)
    {
        if (_links.Count > 0)
        {
            // Something written "through" a link would land wherever the link points to.
            for (var slash = path.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = path.IndexOf('/', slash + 1))
            {
                if (_links.Contains(path[..slash]))
                {
                    throw Refused(path, $"lies below {path[..slash]}, which is a symbolic link");
                }
            }

            if (_links.Contains(path))
            {
                throw Refused(path, "is there twice, once as a symbolic link");
            }
        }

        if (entry.EntryType == TarEntryType.SymbolicLink)
        {
            if (Leaves(path, entry.LinkName))
            {
                throw Refused(path, $"is a symbolic link to {entry.LinkName}, which is outside the repository");
            }

            _links.Add(path);
        }
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

    private static SourceRefusedException Refused(string name, string why) =>
        new($"The commit's archive is refused: '{(name.Length > 200 ? name[..200] + "…" : name)}' {why}.");

    private static string Kind(TarEntryType type) => type switch
    {
        TarEntryType.HardLink => "hard link",
        TarEntryType.CharacterDevice or TarEntryType.BlockDevice => "device",
        TarEntryType.Fifo => "pipe",
        _ => $"tar entry of type {type}",
    };

    /// <summary>Stops a decompression bomb.</summary>
    private sealed class LimitedStream(Stream inner, long maxBytes) : ReadOnlyStream
    {
        private long _bytes;

        public override int Read(Span<byte> buffer) => Count(inner.Read(buffer));

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return Count(await inner.ReadAsync(buffer, cancellationToken));
            }
            catch (InvalidDataException)
            {
                throw new SourceRefusedException("What GitHub sent as the commit's archive is no gzipped tar.");
            }
        }

        private int Count(int read)
        {
            _bytes += read;
            return _bytes <= maxBytes
                ? read
                : throw new SourceRefusedException(
                    $"The commit's archive unpacks to more than {maxBytes} bytes. Make the repository smaller, or raise Source__MaxUnpackedBytes.");
        }
    }
}
