using System.Formats.Tar;

namespace Ci.Pipeline.Source;

#pragma warning disable CA1001 // Disposing the tar writer writes the end marker: only a context that is whole gets one.
/// <summary>Writes a build context from the entries of a commit: what belongs to it, plain in owner and mode.</summary>
internal sealed class ContextWriter(ImageSpec image, ContextRules rules, Stream output)
{
    // What a checkout gives a file; the archive's own modes have the group's write bit that git archive adds.
    private const UnixFileMode Plain = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly TarWriter _tar = new(output, TarEntryFormat.Gnu, leaveOpen: true);
    private bool _hasContext;
    private bool _hasDockerfile;
    private bool _hasDockerfileBelowContext;

    /// <summary>Adds an entry of the commit if it belongs to the context.</summary>
    public async Task AddAsync(TarEntry entry, string path, CancellationToken cancellation)
    {
        _hasDockerfileBelowContext |= path == image.Context + "/" + image.DockerfilePath;
        _hasDockerfile |= path == image.DockerfilePath && entry.EntryType != TarEntryType.Directory;
        _hasContext |= rules.IsInContext(path);
        if (rules.NameOf(path, entry.EntryType == TarEntryType.Directory, cancellation) is { } name)
        {
            await WriteAsync(entry, name, cancellation);
        }
    }

    /// <summary>Ends the tar, if all that a build needs was there.</summary>
    public async Task FinishAsync(byte[]? ignoreFile, CancellationToken cancellation)
    {
        if (!_hasContext && image.Context.Length > 0)
        {
            throw new SourceRefusedException(
                $"dockerInfo.json: context is \"{image.Context}\", but the commit has no such folder with anything in it; the path is relative to the repository's root.");
        }

        if (!_hasDockerfile)
        {
            var hint = _hasDockerfileBelowContext ? $" Did you mean \"{image.Context}/{image.DockerfilePath}\"?" : "";
            throw new SourceRefusedException(
                $"dockerInfo.json: the Dockerfile is \"{image.DockerfilePath}\", but the commit has no such file; the path is relative to the repository's root.{hint}");
        }

        if (rules.OwnIgnoreFile(ignoreFile) is { } lines)
        {
            await _tar.WriteEntryAsync(
                new GnuTarEntry(TarEntryType.RegularFile, ContextRules.IgnoreName) { Mode = Plain, ModificationTime = DateTimeOffset.UnixEpoch, DataStream = new MemoryStream(lines) },
                cancellation);
        }

        // Disposing writes the end marker; without it, the engine would see a context that was cut short.
        await _tar.DisposeAsync();
    }

    private async Task WriteAsync(TarEntry entry, string name, CancellationToken cancellation)
    {
        var type = entry.EntryType == TarEntryType.V7RegularFile ? TarEntryType.RegularFile : entry.EntryType;
        var runs = type == TarEntryType.Directory || entry.Mode.HasFlag(UnixFileMode.UserExecute);
        var written = new GnuTarEntry(type, type == TarEntryType.Directory ? name + "/" : name)
        {
            Mode = type == TarEntryType.SymbolicLink ? Plain | Execute | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite : runs ? Plain | Execute : Plain,
            ModificationTime = entry.ModificationTime,
        };
        if (type == TarEntryType.SymbolicLink)
        {
            written.LinkName = entry.LinkName;
        }
        else if (type == TarEntryType.RegularFile && entry.DataStream is { } data)
        {
            written.DataStream = new KnownLengthStream(data, entry.Length);
        }

        await _tar.WriteEntryAsync(written, cancellation);
    }

    /// <summary>The writer wants to know a file's length before it; a stream that cannot seek knows it from the entry that it is read from.</summary>
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
