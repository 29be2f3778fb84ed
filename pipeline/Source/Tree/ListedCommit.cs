using Ci.BuildKit;
using Ci.Pipeline.Source.Archive;
using Ci.Pipeline.Source.Context;

namespace Ci.Pipeline.Source.Tree;

/// <summary>
/// A commit's source as GitHub lists it. A build that asks for few files gets them one by one; for one that asks for many the
/// archive is fetched, and what it asks for is handed over while the rest still comes in.
/// </summary>
internal sealed class ListedCommit(ContentIndex index, BuildInputs decisive, DateTimeOffset committedAt, CommitBlobs blobs, LateArchive archive)
    : CommitSource(index, decisive)
{
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

    public override Task ConfirmAsync(CancellationToken cancellationToken) => archive.ConfirmAsync(cancellationToken);

    public override ValueTask DisposeAsync() => archive.DisposeAsync();

    internal override async Task CopyFilesAsync(IReadOnlyDictionary<int, ContextFile> places, ContextRequests requests, CancellationToken cancellationToken)
    {
        if (!await HandOverBlobsAsync(places, requests, cancellationToken))
        {
            await HandOverArchiveAsync(places, requests, cancellationToken);
        }
    }

    private protected override ArchiveReader Open() => archive.Open();

    private async Task<bool> HandOverBlobsAsync(IReadOnlyDictionary<int, ContextFile> places, ContextRequests requests, CancellationToken cancellationToken)
    {
        var wanted = places.Where(place => requests.Contains(place.Value)).Select(place => (Listed: Index.Files[place.Key], Asked: place.Value)).Take(CommitBlobs.MaxFiles + 1).ToList();
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

    private async Task HandOverArchiveAsync(IReadOnlyDictionary<int, ContextFile> places, ContextRequests requests, CancellationToken cancellationToken)
    {
        var reader = archive.Open();
        var isGiven = false;
        try
        {
            await CopyFilesAsync(reader, places, requests, cancellationToken);
            isGiven = true;
        }
        finally
        {
            await (isGiven ? archive.LeaveAsync(reader) : reader.DisposeAsync());
        }
    }
}
