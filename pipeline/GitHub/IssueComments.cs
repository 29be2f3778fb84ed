using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Serialization;
using Ci.Pipeline.Http;

namespace Ci.Pipeline.GitHub;

/// <summary>GitHub does not let this host write comments; no retry changes that.</summary>
internal sealed class CommentRefusedException(int status) : Exception($"GitHub answered {status}.")
{
    public int Status { get; } = status;
}

/// <summary>Comments on a pull request, which are an issue's at GitHub (REST API, "Issue comments").</summary>
public sealed class IssueComments(HttpClient http)
{
    private const int PageSize = 100;

    // Ours is written by the first build, so it is among the oldest, which GitHub lists first.
    private const int MaxPages = 5;

    /// <summary>The oldest comment that begins so, by an account if that is known; null when there is none.</summary>
    internal async Task<IssueComment?> FindAsync(string repository, int number, string marker, string? author, CancellationToken cancellationToken)
    {
        for (var page = 1; page <= MaxPages; page++)
        {
            using var response = await http.GetAsync($"repos/{repository}/issues/{number}/comments?per_page={PageSize}&page={page}", cancellationToken);
            Check(response);
            var comments = await response.Content.ReadFromJsonAsync(CommentJson.Default.ListIssueComment, cancellationToken) ?? [];
            var ours = comments.FirstOrDefault(c => c.Body?.StartsWith(marker, StringComparison.Ordinal) == true && (author is null || c.User?.Login == author));
            if (ours is not null || comments.Count < PageSize)
            {
                return ours;
            }
        }

        return null;
    }

    /// <summary>Writes a new one.</summary>
    internal async Task<IssueComment> CreateAsync(string repository, int number, string body, CancellationToken cancellationToken)
    {
        using var response = await http.PostAsJsonAsync(
            $"repos/{repository}/issues/{number}/comments", new NewComment(body), CommentJson.Default.NewComment, cancellationToken);
        Check(response);
        return await response.Content.ReadFromJsonAsync(CommentJson.Default.IssueComment, cancellationToken)
            ?? throw new HttpRequestException("GitHub answered a comment with nothing.");
    }

    /// <summary>Changes one; null when it is gone.</summary>
    internal async Task<IssueComment?> ChangeAsync(string repository, long id, string body, CancellationToken cancellationToken)
    {
        using var response = await http.PatchAsJsonAsync(
            $"repos/{repository}/issues/comments/{id}", new NewComment(body), CommentJson.Default.NewComment, cancellationToken);
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone)
        {
            return null;
        }

        Check(response);
        return await response.Content.ReadFromJsonAsync(CommentJson.Default.IssueComment, cancellationToken);
    }

    private static void Check(HttpResponseMessage response)
    {
        if (HttpFaults.IsPassing(response))
        {
            throw new HttpRequestException($"GitHub answered {(int)response.StatusCode}.", null, response.StatusCode);
        }

        if (!response.IsSuccessStatusCode)
        {
            throw new CommentRefusedException((int)response.StatusCode);
        }
    }
}

/// <summary>A comment as GitHub shows it, as far as it is read.</summary>
internal sealed record IssueComment(long Id, string? Body, Account? User);

/// <summary>A comment to be written.</summary>
internal sealed record NewComment(string Body);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(List<IssueComment>))]
[JsonSerializable(typeof(NewComment))]
internal sealed partial class CommentJson : JsonSerializerContext;
