namespace Ci.Pipeline.GitHub;

/// <summary>A pull request's comments are an issue's at GitHub (REST API, "Issue comments").</summary>
public sealed class IssueComments(GitHubClient gitHub)
{
    private const string Permission = "Pull requests: read and write";
    private const int PageSize = 100;

    // Ours is written by the first build, so it is among the oldest, which GitHub lists first.
    private const int MaxPages = 5;

    /// <summary>The oldest comment that begins with the marker; any author's if <paramref name="author"/> is null.</summary>
    internal async Task<IssueComment?> FindAsync(
        string repository, int number, string marker, string? author, CancellationToken cancellationToken)
    {
        for (var page = 1; page <= MaxPages; page++)
        {
            var comments = await gitHub.SendAsync(
                new(
                    HttpMethod.Get,
                    repository,
                    $"issues/{number}/comments?per_page={PageSize}&page={page}",
                    $"list the comments on #{number} of {repository}",
                    Permission),
                GitHubJson.Default.ListIssueComment,
                cancellationToken);
            var ours = comments.Find(c =>
                c.Body?.StartsWith(marker, StringComparison.Ordinal) == true && (author is null || c.User?.Login == author));
            if (ours is not null || comments.Count < PageSize)
            {
                return ours;
            }
        }

        return null;
    }

    internal Task<IssueComment> CreateAsync(
        string repository, int number, string marker, string? author, string body, CancellationToken cancellationToken) =>
        gitHub.CreateAsync(
            Write(HttpMethod.Post, repository, $"issues/{number}/comments", body),
            GitHubJson.Default.IssueComment,
            stop => FindAsync(repository, number, marker, author, stop),
            cancellationToken);

    /// <summary>Null when the comment is gone.</summary>
    internal async Task<IssueComment?> ChangeAsync(string repository, long id, string body, CancellationToken cancellationToken)
    {
        try
        {
            var request = Write(HttpMethod.Patch, repository, $"issues/comments/{id}", body);
            return await gitHub.SendAsync(request, GitHubJson.Default.IssueComment, cancellationToken);
        }
        catch (GitHubRefusedException e) when (e.IsNotFound)
        {
            return null;
        }
    }

    private static GitHubRequest Write(HttpMethod method, string repository, string path, string body) =>
        new GitHubRequest(method, repository, path, $"take a comment in {repository}", Permission)
            .With(new NewComment(body), GitHubJson.Default.NewComment);
}

internal sealed record IssueComment(long Id, string? Body, Account? User);

internal sealed record NewComment(string Body);
