using Ci.BuildKit;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Source.Archive;
using Ci.Pipeline.Source.Context;

namespace Ci.Pipeline.Source.Tree;

/// <summary>A commit's source as GitHub lists it. A build that asks for few files gets them one by one; for one that asks for
/// many the whole archive is fetched.</summary>
internal sealed class ListedCommit(
    ContentIndex index, BuildInputs decisive, DateTimeOffset committedAt, CommitBlobs blobs, Func<CancellationToken, Task<CommitSource>> fetchArchive)
    : CommitSource(index, decisive)
{
    private readonly SemaphoreSlim _fetching = new(1);
    private CommitSource? _archive;

    public override DateTimeOffset? CommittedAt => Index.Files.Count > 0 ? committedAt : null;

    public override string Description => $"Listed the source, {Index.Files.Count} files and folders";

    public override async Task<byte[]?> ReadAsync(string path, CancellationToken cancellationToken)
    {
        var file = Index.Files.LastOrDefault(file => file.Path == path);
        if (file is null or { Content: not null } or { Length: > MaxReadBytes })
        {
            return file?.Content;
        }

        await blobs.FetchAsync([file], cancellationToken);
        return blobs.Kept(file);
    }

    public override async ValueTask DisposeAsync()
    {
        if (_archive is not null)
        {
            await _archive.DisposeAsync();
        }

        _fetching.Dispose();
    }

    internal override async Task CopyFilesAsync(IReadOnlyDictionary<int, ContextFile> places, ContextRequests requests, CancellationToken cancellationToken)
    {
        if (await CopyBlobsAsync(places, requests, cancellationToken))
        {
            return;
        }

        // An archive has its files in an order of its own.
        var archive = await ArchiveAsync(cancellationToken);
        var asked = places.ToDictionary(place => Index.Files[place.Key].Path, place => place.Value, StringComparer.Ordinal);
        var placesThere = archive.Index.Files.Index()
            .Where(file => asked.ContainsKey(file.Item.Path))
            .ToDictionary(file => file.Index, file => asked[file.Item.Path]);
        await archive.CopyFilesAsync(placesThere, requests, cancellationToken);
    }

    internal override async Task<ArchiveReader> OpenAsync(CancellationToken cancellationToken) =>
        await (await ArchiveAsync(cancellationToken)).OpenAsync(cancellationToken);

    private async Task<bool> CopyBlobsAsync(IReadOnlyDictionary<int, ContextFile> places, ContextRequests requests, CancellationToken cancellationToken)
    {
        var wanted = places.Where(place => requests.Contains(place.Value))
            .Select(place => (Listed: Index.Files[place.Key], Asked: place.Value))
            .Take(CommitBlobs.MaxFiles + 1)
            .ToList();
        var files = wanted.ConvertAll(file => file.Listed);
        if (!blobs.TryTake(files))
        {
            return false;
        }

        await blobs.FetchAsync(files, cancellationToken);
        foreach (var (file, asked) in wanted)
        {
            await requests.AnswerAsync(asked, new MemoryStream(blobs.Kept(file)), cancellationToken);
        }

        return true;
    }

    /// <summary>The whole archive; however many ask for it, it is fetched once.</summary>
    /// <exception cref="SourceUnavailableException">It did not come, or is not what was listed: the next try fetches it, and lists nothing.</exception>
    private async Task<CommitSource> ArchiveAsync(CancellationToken cancellationToken)
    {
        await _fetching.WaitAsync(cancellationToken);
        try
        {
            _archive ??= await fetchArchive(cancellationToken);
        }
        finally
        {
            _fetching.Release();
        }

        return Same(Index).SequenceEqual(Same(_archive.Index))
            ? _archive
            : throw new SourceUnavailableException("GitHub's archive of the commit is not what GitHub listed.");
    }

    /// <summary>What must be the same of both.</summary>
    private static IEnumerable<(string, IndexedKind, long, string, string)> Same(ContentIndex index) => index.Files
        .OrderBy(file => file.Path, StringComparer.Ordinal)
        .Select(file => (file.Path, file.Kind, file.Length, file.LinkTarget, Convert.ToHexStringLower(file.Hash)));
}
