using Ci.Pipeline.Builds;

namespace Ci.Pipeline.Source.Archive;

/// <summary>Reads the download and writes what it read to the spool on the way, so that the archive is looked through while it
/// comes in: while one piece is looked through, the next is fetched and written.</summary>
internal sealed class SpoolingStream : ReadOnlyStream
{
    // A connection gives a few kilobytes at a time; each write costs as much as many of those.
    private const int PieceSize = 1 << 17;

    // A connection that says nothing for so long is as good as cut.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(60);

    private readonly Stream _download;
    private readonly SpoolFile _spool;
    private readonly long _maxBytes;
    private readonly CancellationTokenSource _end;
    private Task<Memory<byte>> _next;
    private byte[] _spare = new byte[PieceSize];
    private byte[] _filling = new byte[PieceSize];
    private Memory<byte> _piece;
    private bool _isOver;

    public SpoolingStream(Stream download, SpoolFile spool, long maxBytes, CancellationToken cancellationToken)
    {
        _download = download;
        _spool = spool;
        _maxBytes = maxBytes;
        _end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _next = FetchAsync(_filling, _end.Token);
    }

    public override int Read(Span<byte> buffer) => throw new NotSupportedException("The download is read asynchronously.");

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_piece.IsEmpty && !_isOver)
        {
            _piece = await _next;
            _isOver = _piece.IsEmpty;
            (_filling, _spare) = (_spare, _filling);
            _next = _isOver ? _next : FetchAsync(_filling, _end.Token);
        }

        var count = Math.Min(buffer.Length, _piece.Length);
        _piece[..count].CopyTo(buffer);
        _piece = _piece[count..];
        return count;
    }

    /// <summary>Stops reading, and waits until nothing is written any more.</summary>
    public override async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await ((Task)_next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
        await base.DisposeAsync();
    }

    private async Task<Memory<byte>> FetchAsync(byte[] buffer, CancellationToken cancellationToken)
    {
        // What is there already is read without waiting: not in the time of the one who looks through the piece before.
        await Task.Yield();
        var filled = await FillAsync(buffer, cancellationToken);
        await _spool.AppendAsync(buffer.AsMemory(0, filled), cancellationToken);
        return buffer.AsMemory(0, filled);
    }

    private async Task<int> FillAsync(byte[] buffer, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var filled = 0;
        int read;
        do
        {
            limit.CancelAfter(Silence);
            read = await ReadDownloadAsync(buffer.AsMemory(filled), limit.Token, cancellationToken);
            filled += read;
            if (_spool.Length + filled > _maxBytes)
            {
                throw new SourceRefusedException(
                    $"The commit's archive is larger than {_maxBytes} bytes compressed. "
                    + "Make the repository smaller, or raise Source__MaxArchiveBytes.");
            }
        }
        while (read > 0 && filled < buffer.Length);

        return filled;
    }

    private async ValueTask<int> ReadDownloadAsync(Memory<byte> buffer, CancellationToken limit, CancellationToken cancellationToken)
    {
        try
        {
            return await _download.ReadAsync(buffer, limit);
        }
        catch (Exception e) when (e is IOException or HttpRequestException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new SourceUnavailableException("GitHub's answer broke off in the middle of the commit's archive.", inner: e);
        }
    }
}
