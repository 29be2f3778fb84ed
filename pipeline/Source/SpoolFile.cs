using Microsoft.Win32.SafeHandles;

namespace Ci.Pipeline.Source;

/// <summary>
/// A temporary file that only this process can open, and that is gone however the process ends: on Unix its name is
/// removed right after it is opened, on Windows it is deleted when it is closed.
/// </summary>
internal sealed class SpoolFile : IDisposable
{
    private const string Prefix = "ci-source-";
    private const string Suffix = ".tar.gz";

    private static readonly TimeSpan Abandoned = TimeSpan.FromSeconds(10);

    private readonly SafeFileHandle _handle;

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

    /// <summary>How many bytes were written.</summary>
    public long Length { get; private set; }

    public async ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        try
        {
            await RandomAccess.WriteAsync(_handle, bytes, Length, cancellation);
        }
        catch (IOException e) when (DiskFullException.IsMeantBy(e))
        {
            throw new DiskFullException("The disk of the temporary folder is full: make room, or set Source__TempDirectory to a folder on another disk, then rebuild.", e);
        }

        Length += bytes.Length;
    }

    private static string FolderOf(string directory) => directory.Length > 0 ? directory : Path.GetTempPath();

    /// <summary>A reader of its own; several may read at once.</summary>
    public Stream OpenRead() => new Reader(_handle);

    public void Dispose() => _handle.Dispose();

    private sealed class Reader(SafeFileHandle handle) : ReadOnlyStream
    {
        private long _position;

        public override int Read(Span<byte> buffer)
        {
            var read = RandomAccess.Read(handle, buffer, _position);
            _position += read;
            return read;
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await RandomAccess.ReadAsync(handle, buffer, _position, cancellationToken);
            _position += read;
            return read;
        }
    }
}
