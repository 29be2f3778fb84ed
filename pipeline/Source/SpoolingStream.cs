namespace Ci.Pipeline.Source;

/// <summary>Reads the download and writes what it read to the spool on the way, so that the archive is looked through while it comes in.</summary>
internal sealed class SpoolingStream(Stream download, SpoolFile spool, long maxBytes) : ReadOnlyStream
{
    // A connection that says nothing for so long is as good as cut.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(60);

    public override int Read(Span<byte> buffer) => throw new NotSupportedException("The download is read asynchronously.");

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await ReadDownloadAsync(buffer, cancellationToken);
        if (spool.Length + read > maxBytes)
        {
            throw new SourceRefusedException(
                $"The commit's archive is larger than {maxBytes} bytes compressed. Make the repository smaller, or raise Source__MaxArchiveBytes.");
        }

        await spool.AppendAsync(buffer[..read], cancellationToken);
        return read;
    }

    private async Task<int> ReadDownloadAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Silence);
        try
        {
            return await download.ReadAsync(buffer, limit.Token);
        }
        catch (Exception e) when (e is IOException or HttpRequestException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new SourceUnavailableException("GitHub's answer broke off in the middle of the commit's archive.", inner: e);
        }
    }
}
