using Microsoft.Win32.SafeHandles;

namespace Ci.Pipeline.Source.Archive;

/// <summary>A temporary file that only this process can open, and that is gone however the process ends: on Unix its name is
/// removed right after it is opened, on Windows it is deleted when it is closed. It is read while it is written: whoever comes to
/// the end of what is there waits for more.</summary>
internal sealed class SpoolFile : IDisposable
{
    private const string Prefix = "ci-source-";
    private const string Suffix = ".tar.gz";

    private static readonly TimeSpan Abandoned = TimeSpan.FromSeconds(10);

    private readonly SafeFileHandle _handle;
    private TaskCompletionSource<bool> _more = NewMore();
    private long _length;

    public SpoolFile(string directory)
    {
        var path = Path.Combine(FolderOf(directory), $"{Prefix}{Guid.NewGuid():n}{Suffix}");
        var unix = !OperatingSystem.IsWindows();
        _handle = File.OpenHandle(
            path,
            FileMode.CreateNew,
            FileAccess.ReadWrite,
            FileShare.None,
            FileOptions.Asynchronous | (unix ? FileOptions.None : FileOptions.DeleteOnClose));
        if (unix)
        {
            File.Delete(path);
        }
    }

    /// <summary>Removes the files of processes that were killed between making one and taking its name off.</summary>
    public static void Sweep(string directory, DateTimeOffset now)
    {
        foreach (var file in new DirectoryInfo(FolderOf(directory)).EnumerateFiles(Prefix + "*" + Suffix))
        {
            try
            {
                if (now - file.LastWriteTimeUtc > Abandoned)
                {
                    file.Delete();
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // On Windows it has its name until it is closed: somebody reads it. Or another host was faster, or it is another user's.
            }
        }
    }

    public long Length => Volatile.Read(ref _length);

    /// <summary>Writes behind what is there; one call at a time.</summary>
    public async ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await RandomAccess.WriteAsync(_handle, bytes, Length, cancellationToken);
        }
        catch (IOException e) when (DiskFullException.IsMeantBy(e))
        {
            throw new DiskFullException(
                "The disk of the temporary folder is full: "
                + "make room, or set Source__TempDirectory to a folder on another disk, then rebuild.",
                e);
        }

        Volatile.Write(ref _length, _length + bytes.Length);
        Interlocked.Exchange(ref _more, NewMore()).SetResult(true);
    }

    /// <summary>Nothing more is written: readers come to an end, or to what went wrong.</summary>
    public void End(Exception? failure = null)
    {
        if (failure is null)
        {
            _more.TrySetResult(false);
        }
        else
        {
            _more.TrySetException(failure);
            // Perhaps nobody reads any more, and then nobody needs to be told.
            _ = _more.Task.Exception;
        }
    }

    private static string FolderOf(string directory) => directory.Length > 0 ? directory : Path.GetTempPath();

    /// <summary>A reader of its own; several may read at once.</summary>
    public Stream OpenRead() => new Reader(this);

    public void Dispose() => _handle.Dispose();

    // Who waits goes on in its own time, and not in that of the one who writes.
    private static TaskCompletionSource<bool> NewMore() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Reader(SpoolFile spool) : ReadOnlyStream
    {
        private long _position;

        public override int Read(Span<byte> buffer) => throw new NotSupportedException("The spool is read asynchronously.");

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            // Asked for before the length is: what is written in between is not slept through.
            var more = Volatile.Read(ref spool._more).Task;
            while (spool.Length == _position && buffer.Length > 0)
            {
                if (!await more.WaitAsync(cancellationToken))
                {
                    return 0;
                }

                more = Volatile.Read(ref spool._more).Task;
            }

            // What is being written is not read: the file may have its length before it has its bytes.
            var there = (int)Math.Min(buffer.Length, spool.Length - _position);
            var read = await RandomAccess.ReadAsync(spool._handle, buffer[..there], _position, cancellationToken);
            _position += read;
            return read;
        }
    }
}
