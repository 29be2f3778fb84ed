using Ci.Pipeline.Builds;
using Ci.Pipeline.GitHub;
using Ci.Pipeline.Source.Archive;
using Ci.Pipeline.Source.Context;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Source.Tree;

/// <summary>Has GitHub list a commit of a large repository instead of sending all of it: its images are built from the few files
/// that their Dockerfiles copy, and the archive is fetched only for builds that ask for many.</summary>
public sealed class GitTreeSource(GitHubObjects gitHub, ArchiveFetcher archives, IOptions<SourceOptions> options, IOptions<GitHubOptions> access)
{
    private const int Kilobyte = 1024;

    /// <summary>Whether a repository is so large that it is worth it: a small one's archive comes in one request. Without a token
    /// GitHub gives an address 60 requests an hour, which a few builds would use up.</summary>
    /// <param name="kilobytes">The repository's size as GitHub says it; null where it does not.</param>
    public bool IsWorth(long? kilobytes) =>
        options.Value.ListFrom > 0 && access.Value.CanWrite && kilobytes >= options.Value.ListFrom / Kilobyte;

    /// <summary>Lists a commit; null when it cannot be listed, or not without doubt.</summary>
    /// <param name="repository">The repository, <c>owner/name</c>.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="log">Gets why it cannot be.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<SourceResult?> ListAsync(string repository, string commit, Action<string> log, CancellationToken cancellationToken)
    {
        try
        {
            return new SourceResult.Fetched(await ReadAsync(repository, commit, cancellationToken));
        }
        catch (Exception e) when (e is NotListedException or GitHubException or SourceUnavailableException)
        {
            log($"The commit is not listed but fetched whole: {e.Message}");
            return null;
        }
        catch (SourceRefusedException e)
        {
            return new SourceResult.Refused(e.Message);
        }
    }

    private async Task<ListedCommit> ReadAsync(string repository, string commit, CancellationToken cancellationToken)
    {
        var committedAt = gitHub.CommittedAtAsync(repository, commit, cancellationToken);
        var entries = gitHub.TreeAsync(repository, commit, cancellationToken);
        await Task.WhenAll(committedAt, entries);
        var tree = GitTree.Of(await entries);
        var blobs = new CommitBlobs((name, token) => gitHub.BlobAsync(repository, name, token));
        await blobs.FetchAsync(tree.First, cancellationToken);
        var files = tree.Complete(await committedAt, blobs, options.Value);
        return new ListedCommit(files, Decisive(files), await committedAt, blobs, token => FetchArchiveAsync(repository, commit, token));
    }

    private static BuildInputs Decisive(ContentIndex index)
    {
        var decisive = new BuildInputs();
        foreach (var file in index.Files.Where(GitTree.IsDecisive))
        {
            decisive.ThrowIfNoRoom(file.Path, file.Length);
            decisive.Add(file.Path, file.Content!);
        }

        return decisive;
    }

    // GitHub has just listed the commit, so a refusal of its archive is not the last word.
    private async Task<CommitSource> FetchArchiveAsync(string repository, string commit, CancellationToken cancellationToken) =>
        await archives.FetchAsync(repository, commit, cancellationToken) switch
        {
            SourceResult.Fetched fetched => fetched.Source,
            SourceResult.Refused refused => throw new SourceUnavailableException(refused.Reason),
            var other => throw new InvalidOperationException($"Unknown result {other}."),
        };
}
