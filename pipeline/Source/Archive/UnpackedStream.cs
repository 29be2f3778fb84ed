using System.IO.Compression;
using Ci.Pipeline.Builds;

namespace Ci.Pipeline.Source.Archive;

/// <summary>The archive without its compression, counted: stops a decompression bomb, and a header that would be held in memory
/// as large as it says it is.</summary>
internal sealed class UnpackedStream(Stream compressed, long maxBytes) : ReadOnlyStream
{
    /// <summary>The most that an entry's extended header may have; git's own have a few hundred bytes.</summary>
    public const int MaxHeaderBytes = 1 << 20;

    // The decompressor asks for 8 KB at a time; what it reads from, and is copied to, is a file or a connection.
    private const int ReadAtOnce = 1 << 17;

    private readonly GZipStream _unzipped = new(new BufferedStream(compressed, ReadAtOnce), CompressionMode.Decompress);
    private long _bytes;
    private long _extended;

    /// <summary>Whether headers are read now: then what is asked for at once is held in memory at once.</summary>
    public bool InHeader { get; set; }

    public override int Read(Span<byte> buffer) => throw new NotSupportedException("The archive is read asynchronously.");

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!InHeader)
        {
            return await UnzipAsync(buffer, cancellationToken);
        }

        if (buffer.Length > MaxHeaderBytes)
        {
            throw HeaderTooLarge();
        }

        var isBlock = _extended == 0 && buffer.Length == TarBlock.Size && _bytes % TarBlock.Size == 0;
        _extended = 0;
        var count = 0;
        int read;
        do
        {
            read = await UnzipAsync(buffer[count..], cancellationToken);
            count += read;
        }
        while (read > 0 && count < buffer.Length);

        if (isBlock && count == buffer.Length)
        {
            // The reader makes room for all of an extended header before it reads it.
            _extended = TarBlock.ExtendedSize(buffer.Span);
        }

        return _extended <= MaxHeaderBytes ? count : throw HeaderTooLarge();
    }

    private async ValueTask<int> UnzipAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int read;
        try
        {
            read = await _unzipped.ReadAsync(buffer, cancellationToken);
        }
        catch (InvalidDataException)
        {
            throw NoArchive();
        }

        _bytes += read;
        return _bytes <= maxBytes
            ? read
            : throw TooLarge(maxBytes);
    }

    public static SourceRefusedException TooLarge(long maxBytes) =>
        new($"The commit's archive unpacks to more than {maxBytes} bytes. Make the repository smaller, or raise Source__MaxUnpackedBytes.");

    public static SourceRefusedException NoArchive() => new("What GitHub sent as the commit's archive is no gzipped tar.");

    public static SourceRefusedException HeaderTooLarge() =>
        new($"The commit's archive is refused: it has a header of more than {MaxHeaderBytes >> 20} MiB, which no git commit needs.");

    public override async ValueTask DisposeAsync()
    {
        await _unzipped.DisposeAsync();
        await base.DisposeAsync();
    }
}
