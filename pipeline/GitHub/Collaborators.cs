namespace Ci.Pipeline.GitHub;

/// <summary>
/// Knows who may write to a repository. A payload does not say: a label can be set with the triage role too, and
/// <c>author_association</c> calls everybody a member who may only read.
/// </summary>
public sealed class Collaborators(GitHubClient gitHub)
{
    // A delivery's sender waits for the answer, GitHub no longer than ten seconds.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);

    /// <summary>
    /// Whether an account may write (<c>GET /repos/{owner}/{repo}/collaborators/{username}/permission</c>, GitHub REST API,
    /// "Get repository permissions for a user": the maintain role counts as write there, triage as read).
    /// </summary>
    /// <exception cref="GitHubException">GitHub did not say.</exception>
    public async Task<bool> MayWriteAsync(string repository, string login, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            var answer = await gitHub.SendAsync(
                new(
                    HttpMethod.Get,
                    repository,
                    $"collaborators/{Uri.EscapeDataString(login)}/permission",
                    $"say what {login} may do in {repository}"),
                GitHubJson.Default.CollaboratorPermission,
                limit.Token);
            return answer.Permission is "admin" or "write" && string.Equals(answer.User?.Login, login, StringComparison.OrdinalIgnoreCase);
        }
        catch (GitHubRefusedException e) when (e.IsNotFound)
        {
            return false;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new GitHubUnavailableException($"GitHub did not say in {Limit.Seconds} s what {login} may do in {repository}.", inner: e);
        }
    }
}

internal sealed record CollaboratorPermission
{
    /// <summary><c>admin</c>, <c>write</c>, <c>read</c> or <c>none</c>.</summary>
    public required string Permission { get; init; }

    /// <summary>Of whom it speaks.</summary>
    public Account? User { get; init; }
}
