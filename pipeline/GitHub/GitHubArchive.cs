using Ci.Pipeline.Text;

namespace Ci.Pipeline.GitHub;

/// <summary>GitHub REST API, "Download a repository archive (tar)". The base repository has a fork's commits too.</summary>
public sealed class GitHubArchive(GitHubClient gitHub)
{
    /// <summary>The caller disposes of the content.</summary>
    /// <exception cref="GitHubException">GitHub did not give it.</exception>
    public Task<Stream> OpenAsync(string repository, string commit, CancellationToken cancellationToken) => gitHub.SendAsync(
        new(HttpMethod.Get, repository, $"tarball/{commit}", $"send commit {Format.Commit(commit)} of {repository}", "Contents: read")
        {
            IsStreamed = true,
        },
        (response, stop) => response.Content.ReadAsStreamAsync(stop),
        cancellationToken);
}
