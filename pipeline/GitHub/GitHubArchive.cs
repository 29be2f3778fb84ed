using Ci.Pipeline.Text;

namespace Ci.Pipeline.GitHub;

/// <summary>
/// Fetches a commit's archive: <c>GET /repos/{owner}/{repo}/tarball/{sha}</c>, which redirects to a short-lived link
/// (GitHub REST API, "Download a repository archive (tar)"). A fork's commit is reachable through the base repository.
/// </summary>
public sealed class GitHubArchive(GitHubClient gitHub)
{
    /// <summary>Begins to fetch a commit; whoever gets the content disposes of it.</summary>
    /// <exception cref="GitHubException">GitHub did not give it.</exception>
    public Task<Stream> OpenAsync(string repository, string commit, CancellationToken cancellationToken) => gitHub.SendAsync(
        new(HttpMethod.Get, repository, $"tarball/{commit}", $"send commit {Format.Commit(commit)} of {repository}", "Contents: read")
        {
            IsStreamed = true,
        },
        (response, stop) => response.Content.ReadAsStreamAsync(stop),
        cancellationToken);
}
