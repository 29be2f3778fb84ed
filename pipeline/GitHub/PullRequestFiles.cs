namespace Ci.Pipeline.GitHub;

public sealed class PullRequestFiles(GitHubClient gitHub)
{
    // GitHub lists at most 3,000 files of a pull request, 100 a page (REST, "List pull requests files").
    private const int PageSize = 100;
    private const int MaxPages = 30;

    /// <summary>Both names of renamed files; null when there are more files than GitHub lists.</summary>
    /// <exception cref="GitHubException">GitHub did not list them.</exception>
    public async Task<IReadOnlyList<string>?> ListAsync(string repository, int pullRequest, CancellationToken cancellationToken)
    {
        var paths = new List<string>();
        for (var page = 1; page <= MaxPages; page++)
        {
            var request = new GitHubRequest(
                HttpMethod.Get,
                repository,
                $"pulls/{pullRequest}/files?per_page={PageSize}&page={page}",
                $"list the files of pull request #{pullRequest} of {repository}",
                "Pull requests: read");
            var files = await gitHub.SendAsync(request, GitHubJson.Default.ListChangedFile, cancellationToken);
            foreach (var file in files)
            {
                paths.Add(file?.Filename
                    ?? throw new GitHubUnavailableException($"GitHub was asked to {request.Purpose}, and named none."));
                if (file.PreviousFilename is { } previous)
                {
                    paths.Add(previous);
                }
            }

            if (files.Count < PageSize)
            {
                return paths;
            }
        }

        return null;
    }
}

internal sealed record ChangedFile
{
    public required string Filename { get; init; }
    public string? PreviousFilename { get; init; }
}
