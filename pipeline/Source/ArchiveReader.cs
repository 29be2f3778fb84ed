using System.Formats.Tar;

namespace Ci.Pipeline.Source;

/// <summary>
/// Goes through a commit's gzipped tar and gives the entries that a git commit can have, with their paths from the
/// repository's root. All else (devices, hard links, paths that leave the repository, bombs) is refused.
/// </summary>
internal sealed class ArchiveReader : IAsyncDisposable
{
    /// <summary>The most characters a path may have: Linux takes no longer one, and neither can git check one out.</summary>
    public const int MaxPathLength = 4096;

    private readonly UnpackedStream _unpacked;
    private readonly TarReader _tar;
    private readonly SourceOptions _limits;
    private readonly ArchiveLinks _links = new();
    private TarEntry? _last;
    private string? _top;
    private int _count;

    public ArchiveReader(Stream compressed, SourceOptions limits)
    {
        _limits = limits;
        _unpacked = new UnpackedStream(compressed, limits.MaxUnpackedBytes);
        _tar = new TarReader(_unpacked);
    }

    /// <summary>The next entry and its path without the top folder, or null at the end.</summary>
    public async Task<(TarEntry Entry, string Path)?> NextAsync(CancellationToken cancellation)
    {
        while (await ReadEntryAsync(cancellation) is { } entry)
        {
            if (++_count > _limits.MaxEntries)
            {
                throw new SourceRefusedException(
                    $"The commit has more than {_limits.MaxEntries} files and folders. Make the repository smaller, or raise Source__MaxEntries.");
            }

            if (entry.EntryType != TarEntryType.GlobalExtendedAttributes && WithoutTop(entry) is { Length: > 0 } path)
            {
                CheckLinks(entry, path);
                return (entry, path);
            }
        }

        return null;
    }

    /// <summary>Reads what stands behind the last entry, so that all of the archive has been seen.</summary>
    public Task DrainAsync(CancellationToken cancellation) => _unpacked.CopyToAsync(Stream.Null, 1 << 16, cancellation);

    /// <summary>Reads what the entry that was given last has in it, by <paramref name="read"/>.</summary>
    public static async Task ReadContentAsync(Func<Task> read)
    {
        try
        {
            await read();
        }
        catch (EndOfStreamException e)
        {
            throw CutShort(e);
        }
        catch (InvalidDataException)
        {
            throw UnpackedStream.NoArchive();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _tar.DisposeAsync();
        await _unpacked.DisposeAsync();
    }

    private async Task<TarEntry?> ReadEntryAsync(CancellationToken cancellation)
    {
        try
        {
            if (_last?.DataStream is { } rest)
            {
                // What is left of the entry before is no header, whatever it looks like.
                await rest.CopyToAsync(Stream.Null, cancellation);
            }

            _unpacked.InHeader = true;
            return _last = await _tar.GetNextEntryAsync(copyData: false, cancellation);
        }
        catch (EndOfStreamException e)
        {
            throw CutShort(e);
        }
        catch (Exception e) when (e is InvalidOperationException or OutOfMemoryException)
        {
            // The reader had no memory for a header of the size that it says it has.
            throw UnpackedStream.HeaderTooLarge();
        }
        catch (NotSupportedException)
        {
            throw new SourceRefusedException("The commit's archive is refused: it has a sparse file or another entry which no git commit can have.");
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or ArgumentException or OverflowException)
        {
            throw UnpackedStream.NoArchive();
        }
        finally
        {
            _unpacked.InHeader = false;
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

        if (name.Length > MaxPathLength)
        {
            throw Refused(name, $"has a path of more than {MaxPathLength} characters");
        }

        _top ??= parts[0];
        return parts[0] == _top
            ? string.Join('/', parts[1..])
            : throw Refused(name, $"lies outside the archive's one folder, {_top}");
    }

    private void CheckLinks(TarEntry entry, string path)
    {
        var problem = _links.ProblemAt(path) ?? (entry.EntryType == TarEntryType.SymbolicLink ? _links.Add(path, entry.LinkName) : null);
        if (problem is not null)
        {
            throw Refused(path, problem);
        }
    }

    private static SourceUnavailableException CutShort(EndOfStreamException e) => new("The commit's archive came in cut short.", inner: e);

    private static SourceRefusedException Refused(string name, string why) =>
        new($"The commit's archive is refused: '{(name.Length > 200 ? name[..200] + "…" : name)}' {why}.");

    private static string Kind(TarEntryType type) => type switch
    {
        TarEntryType.HardLink => "hard link",
        TarEntryType.CharacterDevice or TarEntryType.BlockDevice => "device",
        TarEntryType.Fifo => "pipe",
        _ => $"tar entry of type {type}",
    };
}
