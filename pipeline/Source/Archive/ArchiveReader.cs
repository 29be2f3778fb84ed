using System.Formats.Tar;
using Ci.Pipeline.Builds;

namespace Ci.Pipeline.Source.Archive;

/// <summary>Goes through a commit's gzipped tar and gives the entries that a git commit can have, with their paths from the
/// repository's root. All else (devices, hard links, paths that leave the repository, bombs) is refused.</summary>
internal sealed class ArchiveReader : IAsyncDisposable
{
    private readonly UnpackedStream _unpacked;
    private readonly TarReader _tar;
    private readonly CommitRules _rules;
    private TarEntry? _last;
    private string? _top;
    private int _place;

    /// <param name="compressed">The archive.</param>
    /// <param name="limits">What it must keep to.</param>
    public ArchiveReader(Stream compressed, SourceOptions limits)
    {
        _rules = new CommitRules(limits);
        _unpacked = new UnpackedStream(compressed, limits.MaxUnpackedBytes);
        _tar = new TarReader(_unpacked);
    }

    /// <summary>The next entry, or null at the end.</summary>
    public async Task<ArchiveEntry?> NextAsync(CancellationToken cancellationToken)
    {
        while (await ReadEntryAsync(cancellationToken) is { } entry)
        {
            _rules.Count();
            if (entry.EntryType != TarEntryType.GlobalExtendedAttributes && WithoutTop(entry) is { Length: > 0 } path)
            {
                _rules.CheckLinks(path, entry.EntryType == TarEntryType.SymbolicLink ? entry.LinkName : null);
                return new ArchiveEntry(entry, path, _place++, entry.DataStream ?? Stream.Null);
            }
        }

        return null;
    }

    /// <summary>Reads what stands behind the last entry, so that all of the archive has been seen.</summary>
    public Task DrainAsync(CancellationToken cancellationToken) => _unpacked.CopyToAsync(Stream.Null, 1 << 16, cancellationToken);

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

    private async Task<TarEntry?> ReadEntryAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_last?.DataStream is { } rest)
            {
                // What is left of the entry before is no header, whatever it looks like.
                await rest.CopyToAsync(Stream.Null, cancellationToken);
            }

            _unpacked.InHeader = true;
            return _last = await _tar.GetNextEntryAsync(copyData: false, cancellationToken);
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
            throw new SourceRefusedException(
                "The commit's archive is refused: it has a sparse file or another entry which no git commit can have.");
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
        if (entry.EntryType
            is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.Directory or TarEntryType.SymbolicLink))
        {
            throw CommitRules.Refused(name, $"is a {Kind(entry.EntryType)}, which no git commit can have");
        }

        CommitRules.CheckPath(name);
        var parts = name.Split('/');
        _top ??= parts[0];
        return parts[0] == _top
            ? string.Join('/', parts[1..])
            : throw CommitRules.Refused(name, $"lies outside the archive's one folder, {_top}");
    }

    private static SourceUnavailableException CutShort(EndOfStreamException e) => new("The commit's archive came in cut short.", inner: e);

    private static string Kind(TarEntryType type) => type switch
    {
        TarEntryType.HardLink => "hard link",
        TarEntryType.CharacterDevice or TarEntryType.BlockDevice => "device",
        TarEntryType.Fifo => "pipe",
        _ => $"tar entry of type {type}",
    };
}

/// <summary>What a commit's archive has at a path.</summary>
/// <param name="Entry">The entry of the tar.</param>
/// <param name="Path">The path from the repository's root.</param>
/// <param name="Place">Its number among the archive's files.</param>
/// <param name="Content">What is in it, to be read before the next entry is.</param>
internal sealed record ArchiveEntry(TarEntry Entry, string Path, int Place, Stream Content);
