namespace Ci.Pipeline.GitHub;

/// <summary>A payload does not say who may write: triage may label too, and <c>author_association</c> calls readers members.</summary>
public sealed class Collaborators(GitHubClient gitHub)
{
    // A delivery's sender waits for the answer, GitHub no longer than ten seconds.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);

    /// <summary>The maintain role counts as write, triage as read (GitHub REST API, "Get repository permissions for a user").</summary>
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

    public Account? User { get; init; }
}
