namespace Ci.Tests.Source;

/// <summary>A download that is made while it is read: a beginning, then one piece again and again.</summary>
internal sealed class RepeatedStream(byte[] first, byte[] again, long times) : Stream
{
    private long _left = times + 1;
    private byte[] _piece = first;
    private int _offset;

    /// <summary>How much was read of it.</summary>
    public long BytesRead { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => BytesRead;
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        if (_offset == _piece.Length)
        {
            if (--_left <= 0)
            {
                return 0;
            }

            (_piece, _offset) = (again, 0);
        }

        var count = Math.Min(buffer.Length, _piece.Length - _offset);
        _piece.AsSpan(_offset, count).CopyTo(buffer);
        _offset += count;
        BytesRead += count;
        return count;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await Task.CompletedTask;
        return Read(buffer.Span);
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
