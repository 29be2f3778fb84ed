using System.Globalization;
using System.Net;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Http;
using Ci.Pipeline.Text;

namespace Ci.Pipeline.GitHub;

/// <summary>What asking for an archive gave; what a retry can cure is an exception.</summary>
public abstract record ArchiveAnswer
{
    private ArchiveAnswer()
    {
    }

    /// <summary>It comes; whoever has it disposes of it.</summary>
    public sealed record Opened(Stream Content) : ArchiveAnswer;

    /// <summary>It cannot be had, however often it is tried.</summary>
    public sealed record Refused(string Reason) : ArchiveAnswer;
}

/// <summary>
/// Fetches a commit's archive: <c>GET /repos/{owner}/{repo}/tarball/{sha}</c>, which redirects to a short-lived link
/// (GitHub REST API, "Download a repository archive (tar)"). A fork's commit is reachable through the base repository.
/// </summary>
public sealed class GitHubArchive(HttpClient http, GitHubIdentity identity, TimeProvider time)
{
    /// <summary>Begins to fetch a commit.</summary>
    /// <exception cref="SourceUnavailableException">GitHub did not answer, or not now.</exception>
    public async Task<ArchiveAnswer> OpenAsync(string repository, string commit, CancellationToken cancellationToken)
    {
        var response = await SendAsync($"repos/{repository}/tarball/{commit}", cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            using (response)
            {
                return new ArchiveAnswer.Refused(Refusal(response, repository, commit));
            }
        }

        return new ArchiveAnswer.Opened(await response.Content.ReadAsStreamAsync(cancellationToken));
    }

    private async Task<HttpResponseMessage> SendAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (Exception e) when (HttpFaults.IsNoAnswer(e, cancellationToken))
        {
            throw new SourceUnavailableException($"GitHub at {http.BaseAddress} does not answer.", inner: e);
        }
    }

    private string Refusal(HttpResponseMessage response, string repository, string commit)
    {
        var status = (int)response.StatusCode;
        if (HttpFaults.IsPassing(response))
        {
            throw new SourceUnavailableException(
                HttpFaults.IsRateLimited(response) ? "GitHub's rate limit is used up." : $"GitHub answered {status}.", RetryAfter(response));
        }

        var howToRead = identity.HowToBeAllowed("Contents: read", repository);
        return response.StatusCode switch
        {
            HttpStatusCode.NotFound => $"GitHub knows no commit {Format.Commit(commit)} in {repository}, or does not show it to this host; if it is there, {howToRead}.",
            HttpStatusCode.Unauthorized => $"GitHub refused {identity.Name} (401): {identity.HowToBeKnown}.",
            HttpStatusCode.Forbidden => $"GitHub does not let this host read {repository} (403): {howToRead}.",
            _ => $"GitHub answered {status} when asked for commit {Format.Commit(commit)} of {repository}.",
        };
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var wait = response.Headers.RetryAfter is { } retry ? retry.Delta ?? (retry.Date - time.GetUtcNow()) : UntilReset(response);
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    /// <summary>Every answer says when the count begins anew; that matters only when nothing is left of it.</summary>
    private TimeSpan? UntilReset(HttpResponseMessage response) =>
        Header(response, "x-ratelimit-remaining") == "0"
        && long.TryParse(Header(response, "x-ratelimit-reset"), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
        && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? DateTimeOffset.FromUnixTimeSeconds(seconds) - time.GetUtcNow()
            : null;

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
