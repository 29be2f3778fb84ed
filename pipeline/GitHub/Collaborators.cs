using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Ci.Pipeline.Http;

namespace Ci.Pipeline.GitHub;

/// <summary>GitHub could not be asked what somebody may do.</summary>
public sealed class PermissionUnknownException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// Knows who may write to a repository. A payload does not say: a label can be set with the triage role too, and
/// <c>author_association</c> calls everybody a member who may only read.
/// </summary>
public sealed class Collaborators(HttpClient http, GitHubIdentity identity)
{
    // A delivery's sender waits for the answer, GitHub no longer than ten seconds.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);

    /// <summary>
    /// Whether an account may write (<c>GET /repos/{owner}/{repo}/collaborators/{username}/permission</c>, GitHub REST API,
    /// "Get repository permissions for a user": the maintain role counts as write there, triage as read).
    /// </summary>
    /// <exception cref="PermissionUnknownException">GitHub did not say.</exception>
    public async Task<bool> MayWriteAsync(string repository, string login, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            using var response = await http.GetAsync($"repos/{repository}/collaborators/{Uri.EscapeDataString(login)}/permission", limit.Token);
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                return false;
            }

            if (!response.IsSuccessStatusCode)
            {
                var whatToDo = response.StatusCode == HttpStatusCode.Unauthorized ? identity.HowToBeKnown : identity.HowToBeAllowed("Metadata: read", repository);
                throw new PermissionUnknownException(
                    $"GitHub answered {(int)response.StatusCode} when asked what {login} may do in {repository}: {whatToDo}, then press Redeliver.");
            }

            var answer = await response.Content.ReadFromJsonAsync(WebhookJson.Default.CollaboratorPermission, limit.Token);
            return answer?.Permission is "admin" or "write"
                && string.Equals(answer.User?.Login, login, StringComparison.OrdinalIgnoreCase);
        }
        catch (Exception e) when (e is JsonException || HttpFaults.IsNoAnswer(e, cancellationToken))
        {
            throw new PermissionUnknownException($"GitHub did not say what {login} may do in {repository}; press Redeliver.", e);
        }
    }
}

/// <summary>What GitHub says of a collaborator.</summary>
internal sealed record CollaboratorPermission
{
    /// <summary><c>admin</c>, <c>write</c>, <c>read</c> or <c>none</c>.</summary>
    public required string Permission { get; init; }

    /// <summary>Of whom it speaks.</summary>
    public Account? User { get; init; }
}
