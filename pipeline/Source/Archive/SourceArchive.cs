using System.Formats.Tar;
using Ci.BuildKit;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Source.Context;

namespace Ci.Pipeline.Source.Archive;

/// <summary>A commit's source as its whole archive, compressed in a temporary file that goes when this is disposed of.</summary>
internal sealed class SourceArchive : CommitSource
{
    private readonly SpoolFile _spool;
    private readonly SourceOptions _limits;
    private DateTimeOffset? _committedAt;

    private SourceArchive(SpoolFile spool, SourceOptions limits)
        : base(new ContentIndex(), new BuildInputs())
    {
        _spool = spool;
        _limits = limits;
    }

    public override DateTimeOffset? CommittedAt => _committedAt;

    public override string Description => $"Fetched the source, {_spool.Length / 1000.0:F0} kB compressed";

    /// <summary>Removes what killed processes left of archives.</summary>
    public static void Sweep(SourceOptions limits, DateTimeOffset now) => SpoolFile.Sweep(limits.TempDirectory, now);

    /// <summary>Spools an archive while looking it through.</summary>
    /// <exception cref="SourceRefusedException">It is larger than allowed, or has something in it that no commit can have.</exception>
    /// <exception cref="SourceUnavailableException">It broke off.</exception>
    public static async Task<SourceArchive> SpoolAsync(Stream download, SourceOptions limits, CancellationToken cancellationToken)
    {
        var archive = new SourceArchive(new SpoolFile(limits.TempDirectory), limits);
        try
        {
            await using var reader = new ArchiveReader(
                new SpoolingStream(download, archive._spool, limits.MaxArchiveBytes, cancellationToken), limits);
            while (await reader.NextAsync(cancellationToken) is { } next)
            {
                archive._committedAt ??= next.Entry.ModificationTime;
                await ArchiveReader.ReadContentAsync(() => archive.LookAtAsync(next, cancellationToken));
            }

            await reader.DrainAsync(cancellationToken);
            archive._spool.End();
            return archive;
        }
        catch
        {
            await archive.DisposeAsync();
            throw;
        }
    }

    public override ValueTask DisposeAsync()
    {
        _spool.Dispose();
        return ValueTask.CompletedTask;
    }

    internal override async Task CopyFilesAsync(
        IReadOnlyDictionary<int, ContextFile> places, ContextRequests requests, CancellationToken cancellationToken)
    {
        await using var reader = await OpenAsync(cancellationToken);
        await CopyFilesAsync(reader, places, requests, cancellationToken);
    }

    internal override Task<ArchiveReader> OpenAsync(CancellationToken cancellationToken) => Task.FromResult(new ArchiveReader(_spool.OpenRead(), _limits));

    private async Task LookAtAsync(ArchiveEntry next, CancellationToken cancellationToken)
    {
        var content = IsDecisive(next) ? await KeepAsync(next, cancellationToken) : next.Content;
        await Index.AddAsync(next.Entry, next.Path, content, cancellationToken);
    }

    private static bool IsDecisive(ArchiveEntry next) =>
        next.Entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile && BuildInputs.Has(next.Path);

    private async Task<Stream> KeepAsync(ArchiveEntry next, CancellationToken cancellationToken)
    {
        Decisive.ThrowIfNoRoom(next.Path, next.Entry.Length);
        using var bytes = new MemoryStream((int)next.Entry.Length);
        await next.Content.CopyToAsync(bytes, cancellationToken);
        var content = bytes.ToArray();
        Decisive.Add(next.Path, content);
        return new MemoryStream(content);
    }
}
