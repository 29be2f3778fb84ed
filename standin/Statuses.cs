using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Ci.StandIn;

/// <summary>A commit status as it was received.</summary>
public sealed record CommitStatus
{
    public required long Id { get; init; }

    /// <summary><c>error</c>, <c>failure</c>, <c>pending</c> or <c>success</c>.</summary>
    public required string State { get; init; }

    public required string Context { get; init; }

    public string? Description { get; init; }

    public string? TargetUrl { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>The commit statuses: REST, "Create a commit status" and "Get the combined status for a specific reference".</summary>
internal sealed class Statuses(GitHubStandIn gitHub)
{
    private const string Resource = "Status";
    private const int MaxDescription = 140;

    // REST, "Create a commit status": "there is a limit of 1000 statuses per sha and context within a repository".
    private const int MaxPerContext = 1000;

    private static readonly string[] States = ["error", "failure", "pending", "success"];

    private readonly ConcurrentDictionary<(string Repository, string Commit), List<CommitStatus>> _statuses = new();
    private long _lastId;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/repos/{owner}/{repo}/statuses/{sha}", CreateAsync);
        routes.MapGet("/repos/{owner}/{repo}/commits/{reference}/status", CombinedAsync);
    }

    /// <summary>A commit's statuses, oldest first.</summary>
    public IReadOnlyList<CommitStatus> Of(string repository, string commit)
    {
        if (!_statuses.TryGetValue((repository, commit), out var statuses))
        {
            return [];
        }

        lock (statuses)
        {
            return [.. statuses];
        }
    }

    private async Task<IResult> CreateAsync(HttpRequest request, string owner, string repo, string sha)
    {
        if (gitHub.Repository($"{owner}/{repo}") is not { } repository)
        {
            return Answer.NotFound();
        }

        if (await Answer.ReadAsync(request) is not { } body)
        {
            return Answer.Problem(400, "Problems parsing JSON");
        }

        // Only a whole SHA is taken: a branch's name is no commit here. One that has a status was looked up before.
        if (Of($"{owner}/{repo}", sha).Count == 0 && await repository.ResolveAsync(sha) != sha)
        {
            return Answer.Problem(422, $"No commit found for SHA: {sha}");
        }

        return Refusal(body) is { } refusal ? refusal : Add($"{owner}/{repo}", sha, body);
    }

    /// <summary>GitHub's words, as people quote them in issues of projects that met them.</summary>
    private static Answer? Refusal(JsonObject body)
    {
        if (!States.Contains(Answer.Text(body, "state"), StringComparer.Ordinal))
        {
            return Answer.Invalid(Resource, "custom", "state", "state is not included in the list");
        }

        return Answer.Text(body, "description")?.Length > MaxDescription
            ? Answer.Invalid(Resource, "custom", "description", $"description is too long (maximum is {MaxDescription} characters)")
            : null;
    }

    private Answer Add(string repository, string commit, JsonObject body)
    {
        var status = new CommitStatus
        {
            Id = Interlocked.Increment(ref _lastId),
            State = Answer.Text(body, "state")!,
            Context = Answer.Text(body, "context") ?? "default",
            Description = Answer.Text(body, "description"),
            TargetUrl = Answer.Text(body, "target_url"),
            CreatedAt = DateTimeOffset.UtcNow,
        };
        var statuses = _statuses.GetOrAdd((repository, commit), _ => []);
        lock (statuses)
        {
            if (statuses.Count(s => s.Context == status.Context) >= MaxPerContext)
            {
                return Answer.Invalid(Resource, "custom", null, "This SHA and context has reached the maximum number of statuses.");
            }

            statuses.Add(status);
        }

        var shown = Shown(status, repository, commit);
        shown["creator"] = Accounts.User(Accounts.TokenOwner);
        return new Answer(shown, 201);
    }

    private async Task<IResult> CombinedAsync(string owner, string repo, string reference, int? per_page, int? page)
    {
        var name = $"{owner}/{repo}";
        if (gitHub.Repository(name) is not { } repository || await repository.ResolveAsync(reference) is not { } commit)
        {
            return Answer.NotFound();
        }

        var latest = Of(name, commit).GroupBy(s => s.Context, StringComparer.Ordinal).Select(g => g.Last()).ToList();
        return new Answer(new JsonObject
        {
            ["state"] = Combined([.. latest.Select(s => s.State)]),
            ["statuses"] = new JsonArray([.. Answer.Page(latest, per_page, page).Select(s => (JsonNode)Shown(s, name, commit))]),
            ["sha"] = commit,
            ["total_count"] = latest.Count,
            ["repository"] = Repositories.Minimal(name),
            ["commit_url"] = $"{Repositories.ApiUrl(name)}/commits/{commit}",
            ["url"] = $"{Repositories.ApiUrl(name)}/commits/{commit}/status",
        });
    }

    /// <summary>REST, "Get the combined status": failure if any context reports error or failure, pending if there are none or
    /// one is pending, success if all are.</summary>
    private static string Combined(string[] states)
    {
        if (states.Any(s => s is "error" or "failure"))
        {
            return "failure";
        }

        return states.Length > 0 && states.All(s => s == "success") ? "success" : "pending";
    }

    private static JsonObject Shown(CommitStatus status, string repository, string commit) => new()
    {
        ["url"] = $"{Repositories.ApiUrl(repository)}/statuses/{commit}",
        ["avatar_url"] = Accounts.AvatarUrl,
        ["id"] = status.Id,
        ["node_id"] = $"SC_{status.Id}",
        ["state"] = status.State,
        ["description"] = status.Description,
        ["target_url"] = status.TargetUrl,
        ["context"] = status.Context,
        ["created_at"] = Repositories.Time(status.CreatedAt),
        ["updated_at"] = Repositories.Time(status.CreatedAt),
    };
}
