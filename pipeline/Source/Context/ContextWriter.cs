using System.Formats.Tar;
using Ci.Pipeline.Source.Archive;
using Ci.Pipeline.Source.DockerInfo;
using Ci.Pipeline.Source.Tree;

namespace Ci.Pipeline.Source.Context;

#pragma warning disable CA1001 // Disposing the tar writer writes the end marker: only a context that is whole gets one.
/// <summary>Writes a build context from the entries of a commit: what belongs to it, plain in owner and mode.</summary>
internal sealed class ContextWriter(ImageSpec image, ContextFilter rules, Stream output)
{
    private readonly TarWriter _tar = new(output, TarEntryFormat.Gnu, leaveOpen: true);
    private readonly ContextValidator _needs = new(image, rules);

    /// <summary>Adds an entry of the commit if it belongs to the context.</summary>
    public async Task AddAsync(ArchiveEntry next, CancellationToken cancellationToken)
    {
        var isFolder = next.Entry.EntryType == TarEntryType.Directory;
        _needs.See(next.Path, isFolder);
        if (rules.NameOf(next.Path, isFolder, cancellationToken) is { } name)
        {
            await WriteAsync(next.Entry, next.Content, name, cancellationToken);
        }
    }

    /// <summary>Ends the tar, if all that a build needs was there.</summary>
    public async Task FinishAsync(byte[]? ignoreFile, CancellationToken cancellationToken)
    {
        _needs.ThrowIfMissing();
        if (rules.OwnIgnoreFile(ignoreFile) is { } lines)
        {
            await _tar.WriteEntryAsync(
                new GnuTarEntry(TarEntryType.RegularFile, ContextFilter.IgnoreName)
                {
                    Mode = CheckoutModes.File,
                    ModificationTime = DateTimeOffset.UnixEpoch,
                    DataStream = new MemoryStream(lines),
                },
                cancellationToken);
        }

        // Disposing writes the end marker; without it, the engine would see a context that was cut short.
        await _tar.DisposeAsync();
    }

    private async Task WriteAsync(TarEntry entry, Stream content, string name, CancellationToken cancellationToken)
    {
        var type = entry.EntryType == TarEntryType.V7RegularFile ? TarEntryType.RegularFile : entry.EntryType;
        var runs = type == TarEntryType.Directory || entry.Mode.HasFlag(UnixFileMode.UserExecute);
        var written = new GnuTarEntry(type, type == TarEntryType.Directory ? name + "/" : name)
        {
            Mode = type == TarEntryType.SymbolicLink ? CheckoutModes.Link : runs ? CheckoutModes.Executable : CheckoutModes.File,
            ModificationTime = entry.ModificationTime,
        };
        if (type == TarEntryType.SymbolicLink)
        {
            written.LinkName = entry.LinkName;
        }
        else if (type == TarEntryType.RegularFile && entry.Length > 0)
        {
            written.DataStream = new KnownLengthStream(content, entry.Length);
        }

        await _tar.WriteEntryAsync(written, cancellationToken);
    }

    /// <summary>The writer wants to know a file's length; one that cannot seek has it from the entry that it is read from.</summary>
    private sealed class KnownLengthStream(Stream inner, long length) : ReadOnlyStream
    {
        private long _position;

        public override bool CanSeek => true;

        public override long Length => length;

        public override long Position
        {
            get => _position;
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            var read = inner.Read(buffer);
            _position += read;
            return read;
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            _position += read;
            return read;
        }
    }
}
