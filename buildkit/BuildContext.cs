using System.Formats.Tar;
using System.IO.Pipelines;

namespace Ci.BuildKit;

/// <summary>Turns a writer of the build context into the stream that a request's body is read from. The two go in step: at most a
/// mebibyte waits between them. Disposing stops the writer.</summary>
public sealed class BuildContext : IAsyncDisposable
{
    private const int MaxWaiting = 1 << 20;

    private readonly Pipe _pipe = new(new PipeOptions(
        pauseWriterThreshold: MaxWaiting, resumeWriterThreshold: MaxWaiting / 2, minimumSegmentSize: 1 << 16));

    private readonly CancellationTokenSource _stop;
    private readonly Task _writing;

    /// <summary>Sends <paramref name="start"/>, and then what <paramref name="write"/> writes: a tar stream.</summary>
    public BuildContext(Func<Stream, CancellationToken, Task> write, ReadOnlyMemory<byte> start, CancellationToken cancellationToken)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _writing = Task.Run(() => WriteAsync(write, start), CancellationToken.None);
        Content = _pipe.Reader.AsStream();
    }

    /// <summary>It breaks off if the writer does, so that the engine sees a broken and not a short context.</summary>
    public Stream Content { get; }

    /// <summary>Throws what the writer threw, if it did: that, and not the request it broke, is then the reason of a failure.</summary>
    public Task ThrowIfFailedAsync() => _writing.IsFaulted ? _writing : Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _pipe.Reader.CompleteAsync();
        await _writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task WriteAsync(Func<Stream, CancellationToken, Task> write, ReadOnlyMemory<byte> start)
    {
        Exception? failure = null;
        try
        {
            await using var output = _pipe.Writer.AsStream(leaveOpen: true);
            await output.WriteAsync(start, _stop.Token);
            await write(output, _stop.Token);
        }
        catch (Exception e)
        {
            failure = e;
            throw;
        }
        finally
        {
            await _pipe.Writer.CompleteAsync(failure);
        }
    }

    /// <summary>The entry that every context for BuildKit starts with, <c>./</c>. BuildKit takes the body for a Dockerfile unless
    /// its first KiB reads as a tar stream, and a first entry in PAX form, or with a long name, does not fit in there (seen with
    /// Engine 20.10; <c>isArchive</c> in moby/buildkit's Dockerfile frontend).</summary>
    internal static ReadOnlyMemory<byte> RootFolder { get; } = RootFolderEntry();

    private static byte[] RootFolderEntry()
    {
        using var bytes = new MemoryStream();
        using (var tar = new TarWriter(bytes, TarEntryFormat.Ustar, leaveOpen: true))
        {
            tar.WriteEntry(new UstarTarEntry(TarEntryType.Directory, "./")
            {
                Mode = (UnixFileMode)0b111_101_101,
                ModificationTime = DateTimeOffset.UnixEpoch,
            });
        }

        // Without the two empty blocks that end a tar stream.
        return bytes.ToArray()[..512];
    }
}
