using Ci.Pipeline.Text;

namespace Ci.Pipeline.GitHub;

/// <summary>Commit statuses (<c>POST /repos/{owner}/{repo}/statuses/{sha}</c>, GitHub REST API, "Create a commit status").</summary>
public sealed class CommitStatusClient(GitHubClient gitHub)
{
    /// <summary>A status that GitHub takes twice does no harm: the newest of a context counts.</summary>
    internal Task SetAsync(string repository, string commit, NewStatus status, CancellationToken cancellationToken) => gitHub.SendAsync(
        new GitHubRequest(
            HttpMethod.Post,
            repository,
            $"statuses/{commit}",
            $"set a status of commit {Format.Commit(commit)} of {repository}",
            "Commit statuses: read and write").With(status, GitHubJson.Default.NewStatus),
        cancellationToken);
}

internal sealed record NewStatus(string State, string Context, string Description, string? TargetUrl);
