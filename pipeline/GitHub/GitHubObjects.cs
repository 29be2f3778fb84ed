using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Http;

namespace Ci.Pipeline.GitHub;

/// <summary>
/// Asks GitHub for single objects of a repository (GitHub REST API, "Git database"): a commit, all that is in its tree, and
/// what is in a file. Like archives, a fork's are there in the base repository.
/// </summary>
public sealed class GitHubObjects(HttpClient http)
{
    // Builds are not to use up what the commit statuses and comments need of an hour's 5,000 requests.
    private const int RequestsLeft = 500;

    // GitHub Docs, "Get a blob": the content itself, and not base64 of it in JSON.
    private static readonly MediaTypeWithQualityHeaderValue Raw = new("application/vnd.github.raw+json");

    /// <summary>When the commit was made.</summary>
    /// <exception cref="NotListedException">GitHub does not say, or its requests are to be spared.</exception>
    internal async Task<DateTimeOffset> CommittedAtAsync(string repository, string commit, CancellationToken cancellationToken) =>
        (await ListAsync($"repos/{repository}/git/commits/{commit}", GitJson.Default.GitCommit, cancellationToken)).Committer.Date;

    /// <summary>All that is in the commit's tree.</summary>
    /// <exception cref="NotListedException">GitHub does not say all of it, or its requests are to be spared.</exception>
    internal async Task<IReadOnlyList<GitTreeEntry>> TreeAsync(string repository, string commit, CancellationToken cancellationToken)
    {
        var tree = await ListAsync($"repos/{repository}/git/trees/{commit}?recursive=1", GitJson.Default.GitHubTree, cancellationToken);
        return tree.Truncated ? throw new NotListedException("it has more files than GitHub lists") : tree.Tree;
    }

    /// <summary>What is in a file, by git's name of it.</summary>
    /// <exception cref="SourceUnavailableException">GitHub did not give it.</exception>
    internal async Task<byte[]> BlobAsync(string repository, byte[] name, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"repos/{repository}/git/blobs/{Convert.ToHexStringLower(name)}");
            request.Headers.Accept.Add(Raw);
            using var response = await http.SendAsync(request, cancellationToken);
            response.EnsureSuccessStatusCode();
            var content = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            return GitBlob.Name(content).AsSpan().SequenceEqual(name)
                ? content
                : throw new SourceUnavailableException("GitHub gave another file of the commit than it was asked for.");
        }
        catch (Exception e) when (HttpFaults.IsNoAnswer(e, cancellationToken))
        {
            throw new SourceUnavailableException($"GitHub did not give a file of the commit{Status(e)}.", inner: e);
        }
    }

    private async Task<T> ListAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.GetAsync(path, cancellationToken);
            response.EnsureSuccessStatusCode();
            return IsScarce(response)
                ? throw new NotListedException("few requests to GitHub are left of this hour")
                : await response.Content.ReadFromJsonAsync(type, cancellationToken) ?? throw new JsonException("The answer is null.");
        }
        catch (Exception e) when (e is JsonException || HttpFaults.IsNoAnswer(e, cancellationToken))
        {
            throw new NotListedException($"GitHub did not list it{Status(e)}");
        }
    }

    private static bool IsScarce(HttpResponseMessage response) =>
        response.Headers.TryGetValues("x-ratelimit-remaining", out var left)
        && int.TryParse(left.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
        && count < RequestsLeft;

    private static string Status(Exception e) => e is HttpRequestException { StatusCode: { } code } ? $" ({(int)code})" : "";
}

/// <summary>A commit cannot be listed, or not all of it: its archive is fetched instead. The message ends a sentence of the log.</summary>
internal sealed class NotListedException(string message) : Exception(message);

/// <summary>What a tree has at a path.</summary>
internal sealed record GitTreeEntry
{
    /// <summary>The path from the repository's root.</summary>
    public required string Path { get; init; }

    /// <summary>What it is, as git writes it: <c>100644</c>, <c>100755</c>, <c>120000</c> (link), <c>040000</c> (folder), <c>160000</c> (submodule).</summary>
    public required string Mode { get; init; }

    /// <summary>Git's name of it, 40 hex digits.</summary>
    public required string Sha { get; init; }

    /// <summary>A file's length in bytes.</summary>
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

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(GitHubTree))]
[JsonSerializable(typeof(GitCommit))]
internal sealed partial class GitJson : JsonSerializerContext;
