using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Text;

namespace Ci.Pipeline.GitHub;

/// <summary>GitHub REST API, "Git database". The base repository has the objects of a fork too.</summary>
public sealed class GitHubObjects(GitHubClient gitHub)
{
    private const string Permission = "Contents: read";

    // Builds are not to use up what the commit statuses and comments need of an hour's 5,000 requests.
    private const int RequestsLeft = 500;

    /// <exception cref="NotListedException">GitHub's requests are to be spared.</exception>
    /// <exception cref="GitHubException">GitHub does not say.</exception>
    internal async Task<DateTimeOffset> CommittedAtAsync(string repository, string commit, CancellationToken cancellationToken) =>
        (await ListAsync(repository, $"git/commits/{commit}", commit, GitHubJson.Default.GitCommit, cancellationToken)).Committer.Date;

    /// <exception cref="NotListedException">GitHub does not say all of it, or its requests are to be spared.</exception>
    /// <exception cref="GitHubException">GitHub does not say.</exception>
    internal async Task<IReadOnlyList<GitTreeEntry>> TreeAsync(string repository, string commit, CancellationToken cancellationToken)
    {
        var tree = await ListAsync(repository, $"git/trees/{commit}?recursive=1", commit, GitHubJson.Default.GitHubTree, cancellationToken);
        return tree.Truncated ? throw new NotListedException("it has more files than GitHub lists") : tree.Tree;
    }

    /// <exception cref="SourceUnavailableException">GitHub gave another file.</exception>
    /// <exception cref="GitHubException">GitHub did not give it.</exception>
    internal async Task<byte[]> BlobAsync(string repository, byte[] name, CancellationToken cancellationToken)
    {
        var blob = Convert.ToHexStringLower(name);
        var request = new GitHubRequest(
            HttpMethod.Get, repository, $"git/blobs/{blob}", $"send file {Format.Commit(blob)} of {repository}", Permission)
        {
            // GitHub Docs, "Get a blob": the content itself, and not base64 of it in JSON.
            Accept = "application/vnd.github.raw+json",
        };
        var content = await gitHub.SendAsync(request, (response, stop) => response.Content.ReadAsByteArrayAsync(stop), cancellationToken);
        return GitBlob.Name(content).AsSpan().SequenceEqual(name)
            ? content
            : throw new SourceUnavailableException("GitHub gave another file of the commit than it was asked for.");
    }

    private Task<T> ListAsync<T>(string repository, string path, string commit, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        var request = new GitHubRequest(
            HttpMethod.Get, repository, path, $"list commit {Format.Commit(commit)} of {repository}", Permission);
        return gitHub.SendAsync(
            request,
            (response, stop) => IsScarce(response)
                ? throw new NotListedException("few requests to GitHub are left of this hour")
                : GitHubClient.ReadAsync(request, response, type, stop),
            cancellationToken);
    }

    private static bool IsScarce(HttpResponseMessage response) =>
        response.Headers.TryGetValues("x-ratelimit-remaining", out var left)
        && int.TryParse(left.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
        && count < RequestsLeft;
}

/// <summary>The archive is fetched instead. The message ends a sentence of the log.</summary>
internal sealed class NotListedException(string message) : Exception(message);

internal sealed record GitTreeEntry
{
    public required string Path { get; init; }

    /// <summary><c>100644</c>, <c>100755</c>, <c>120000</c> (link), <c>040000</c> (folder), <c>160000</c> (submodule).</summary>
    public required string Mode { get; init; }

    /// <summary>40 hex digits.</summary>
    public required string Sha { get; init; }

    public long Size { get; init; }
}

internal sealed record GitHubTree
{
    public required bool Truncated { get; init; }
    public required List<GitTreeEntry> Tree { get; init; }
}

internal sealed record GitCommit
{
    public required GitSignature Committer { get; init; }
}

internal sealed record GitSignature
{
    public required DateTimeOffset Date { get; init; }
}
