using System.Formats.Tar;
using Ci.BuildKit;

namespace Ci.Pipeline.Source;

/// <summary>
/// A commit's source: the compressed archive in a temporary file that goes when this is disposed of, and the few files
/// that are needed to decide what to build. Nothing of it is ever unpacked to disk.
/// </summary>
public sealed class SourceArchive : IAsyncDisposable
{
    private const string InfoName = "dockerInfo.json";
    private const string IgnoreName = ContextRules.IgnoreName;
    private const int MaxCapturedBytes = 1 << 20;
    private const int MaxCapturedFiles = 256;

    private readonly SpoolFile _spool;
    private readonly SourceOptions _limits;
    private readonly Dictionary<string, byte[]> _captured = new(StringComparer.Ordinal);
    private readonly ContentIndex _index = new();

    private SourceArchive(SpoolFile spool, SourceOptions limits)
    {
        _spool = spool;
        _limits = limits;
    }

    /// <summary>The bytes of <c>dockerInfo.json</c> at the root, or null.</summary>
    public ReadOnlyMemory<byte>? DockerInfoJson => _captured.TryGetValue(InfoName, out var json) ? json : (ReadOnlyMemory<byte>?)null;

    /// <summary>The archive's size, compressed.</summary>
    public long CompressedBytes => _spool.Length;

    /// <summary>When the commit was made: the time that git gives every file of its archive (git-archive). Null of an empty one.</summary>
    public DateTimeOffset? CommittedAt { get; private set; }

    /// <summary>Removes what killed processes left of archives.</summary>
    public static void Sweep(SourceOptions limits, DateTimeOffset now) => SpoolFile.Sweep(limits.TempDirectory, now);

    /// <summary>Spools an archive while looking it through.</summary>
    /// <exception cref="SourceRefusedException">It is larger than allowed, or has something in it that no commit can have.</exception>
    /// <exception cref="SourceUnavailableException">It broke off.</exception>
    public static async Task<SourceArchive> SpoolAsync(Stream download, SourceOptions limits, CancellationToken cancellation)
    {
        var archive = new SourceArchive(new SpoolFile(limits.TempDirectory), limits);
        try
        {
            await using var reader = new ArchiveReader(new SpoolingStream(download, archive._spool, limits.MaxArchiveBytes, cancellation), limits);
            while (await reader.NextAsync(cancellation) is { } next)
            {
                archive.CommittedAt ??= next.Entry.ModificationTime;
                await ArchiveReader.ReadContentAsync(() => archive.LookAtAsync(next.Entry, next.Path, cancellation));
            }

            await reader.DrainAsync(cancellation);
            return archive;
        }
        catch
        {
            await archive.DisposeAsync();
            throw;
        }
    }

    /// <summary>The Dockerfile's name within the context that is sent: its own, or for one from outside the context a name of ours.</summary>
    public static string DockerfileNameIn(ImageSpec image) => ContextRules.DockerfileName(image);

    /// <summary>
    /// A hash of an image's context, the same for every commit that has the same files in it; null when the commit has too
    /// many files to tell.
    /// </summary>
    public byte[]? ContextHash(ImageSpec image, CancellationToken cancellation)
    {
        var rules = Rules(image);
        return _index.Hash(rules, rules.OwnIgnoreFile(IgnoreFile(image)), cancellation);
    }

    /// <summary>
    /// The build context of an image, file by file: what <c>docker build</c> would send; null when the commit has too many
    /// files to list them.
    /// </summary>
    /// <param name="image">The image.</param>
    /// <param name="name">What the engine is to know the context by; null for a build that shares nothing with others.</param>
    /// <exception cref="SourceRefusedException">The context or the Dockerfile is not in the commit, or <c>.dockerignore</c> is malformed.</exception>
    public ContextSource? FilesOf(ImageSpec image, string? name)
    {
        var rules = Rules(image);
        return _index.IsFull ? null : new ArchiveContext(image, rules, _index.Files, rules.OwnIgnoreFile(IgnoreFile(image)), Open, name);
    }

    /// <summary>Writes the build context of an image as a tar: what <c>docker build</c> would send. Several may be written at once.</summary>
    /// <exception cref="SourceRefusedException">The context or the Dockerfile is not in the commit, or <c>.dockerignore</c> is malformed.</exception>
    public async Task WriteContextAsync(ImageSpec image, Stream output, CancellationToken cancellation)
    {
        var context = new ContextWriter(image, Rules(image), output);
        await using (var reader = Open())
        {
            while (await reader.NextAsync(cancellation) is { } next)
            {
                await context.AddAsync(next.Entry, next.Path, cancellation);
            }
        }

        await context.FinishAsync(IgnoreFile(image), cancellation);
    }

    /// <summary>A file of the commit; null when it has none of that path, or one of more than a mebibyte.</summary>
    public async Task<byte[]?> ReadAsync(string path, CancellationToken cancellation)
    {
        if (_index.Files.LastOrDefault(file => file.Path == path)?.Content is { } small)
        {
            return small;
        }

        await using var reader = Open();
        while (await reader.NextAsync(cancellation) is { } next)
        {
            if (next.Path == path && next.Entry is { DataStream: { } data, Length: <= MaxCapturedBytes })
            {
                using var bytes = new MemoryStream();
                await data.CopyToAsync(bytes, cancellation);
                return bytes.ToArray();
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _spool.Dispose();
        return ValueTask.CompletedTask;
    }

    private ArchiveReader Open() => new(_spool.OpenRead(), _limits);

    private async Task LookAtAsync(TarEntry entry, string path, CancellationToken cancellation)
    {
        var content = IsCaptured(entry, path) ? await CaptureAsync(entry, path, cancellation) : entry.DataStream;
        await _index.AddAsync(entry, path, content, cancellation);
    }

    private static bool IsCaptured(TarEntry entry, string path) =>
        entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile
        && (path == InfoName || path.EndsWith(IgnoreName, StringComparison.Ordinal));

    private async Task<Stream> CaptureAsync(TarEntry entry, string path, CancellationToken cancellation)
    {
        if (entry.Length > MaxCapturedBytes || _captured.Count == MaxCapturedFiles)
        {
            throw new SourceRefusedException(
                $"'{path}' is larger than {MaxCapturedBytes >> 20} MiB, or the commit has more than {MaxCapturedFiles} .dockerignore files.");
        }

        using var bytes = new MemoryStream((int)entry.Length);
        if (entry.DataStream is { } data)
        {
            await data.CopyToAsync(bytes, cancellation);
        }

        _captured[path] = bytes.ToArray();
        return new MemoryStream(_captured[path]);
    }

    /// <summary>The Dockerfile's own ignore file goes before the context's, as in BuildKit.</summary>
    private byte[]? IgnoreFile(ImageSpec image) =>
        _captured.GetValueOrDefault(image.DockerfilePath + IgnoreName)
        ?? _captured.GetValueOrDefault(image.Context.Length == 0 ? IgnoreName : image.Context + "/" + IgnoreName);

    private ContextRules Rules(ImageSpec image) =>
        new(image, IgnoreFile(image) is { } file ? DockerIgnore.Parse(file, image.DockerfileInContext) : DockerIgnore.None());
}
