using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Ci.StandIn;

/// <summary>A comment on a pull request as it stands.</summary>
public sealed record IssueComment
{
    public required long Id { get; init; }

    public required string Repository { get; init; }

    public required int Number { get; init; }

    public required string Body { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>The comments on pull requests, which GitHub keeps as comments on issues: REST, "Issue comments".</summary>
internal sealed class Comments(GitHubStandIn gitHub)
{
    private const string Resource = "IssueComment";
    private const int MaxBody = 65536;

    private readonly ConcurrentDictionary<long, IssueComment> _comments = new();
    private long _lastId = 492700400;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/repos/{owner}/{repo}/issues/{number:int}/comments", List);
        routes.MapPost("/repos/{owner}/{repo}/issues/{number:int}/comments", CreateAsync);
        routes.MapPatch("/repos/{owner}/{repo}/issues/comments/{id:long}", UpdateAsync);
    }

    /// <summary>A pull request's comments, oldest first.</summary>
    public IReadOnlyList<IssueComment> Of(string repository, int number) =>
        [.. _comments.Values.Where(c => c.Repository == repository && c.Number == number).OrderBy(c => c.Id)];

    private Answer List(string owner, string repo, int number, DateTimeOffset? since, int? per_page, int? page)
    {
        if (gitHub.Pull($"{owner}/{repo}", number) is null)
        {
            return Answer.NotFound();
        }

        var comments = Of($"{owner}/{repo}", number).Where(c => since is null || c.UpdatedAt >= since);
        return new Answer(new JsonArray([.. Answer.Page(comments, per_page, page).Select(c => (JsonNode)Shown(c))]));
    }

    private async Task<IResult> CreateAsync(HttpRequest request, string owner, string repo, int number)
    {
        if (gitHub.Pull($"{owner}/{repo}", number) is null)
        {
            return Answer.NotFound();
        }

        var (text, refusal) = await BodyAsync(request);
        if (text is null)
        {
            return refusal!;
        }

        var now = DateTimeOffset.UtcNow;
        var comment = new IssueComment
        {
            Id = Interlocked.Increment(ref _lastId),
            Repository = $"{owner}/{repo}",
            Number = number,
            Body = text,
            CreatedAt = now,
            UpdatedAt = now,
        };
        _comments[comment.Id] = comment;
        return new Answer(Shown(comment), 201);
    }

    private async Task<IResult> UpdateAsync(HttpRequest request, string owner, string repo, long id)
    {
        if (!_comments.TryGetValue(id, out var comment) || comment.Repository != $"{owner}/{repo}")
        {
            return Answer.NotFound();
        }

        var (text, refusal) = await BodyAsync(request);
        if (text is null)
        {
            return refusal!;
        }

        return new Answer(Shown(_comments[id] = comment with { Body = text, UpdatedAt = DateTimeOffset.UtcNow }));
    }

    /// <summary>The comment's text, or what GitHub answers instead (in its words, as quoted in issues of projects that met them).</summary>
    private static async Task<(string? Text, Answer? Refusal)> BodyAsync(HttpRequest request)
    {
        if (await Answer.ReadAsync(request) is not { } body)
        {
            return (null, Answer.Problem(400, "Problems parsing JSON"));
        }

        return Answer.Text(body, "body") switch
        {
            null or "" => (null, Answer.Invalid(Resource, "missing_field", "body", null)),
            { Length: > MaxBody } => (null, Answer.Invalid(
                Resource, "unprocessable", "data", $"Body is too long (maximum is {MaxBody} characters)")),
            var text => (text, null),
        };
    }

    /// <summary>GitHub's payload for a comment that somebody wrote on a pull request, or on an issue.</summary>
    public static JsonObject Payload(PullRequestState pull, string body, string author, DateTimeOffset at, string action, bool isIssue) =>
        new()
    {
        ["action"] = action,
        ["issue"] = Issue(pull, isIssue),
        ["comment"] = Shown(
            new IssueComment
            {
                Id = 492700400,
                Repository = pull.Repository,
                Number = pull.Number,
                Body = body,
                CreatedAt = at,
                UpdatedAt = at,
            }, author),
        ["repository"] = Repositories.Part(pull.Repository, pull.RepositoryKilobytes),
        ["sender"] = Accounts.User(author),
    };

    private static JsonObject Issue(PullRequestState pull, bool isIssue)
    {
        var api = Repositories.ApiUrl(pull.Repository);
        var issue = new JsonObject
        {
            ["url"] = $"{api}/issues/{pull.Number}",
            ["repository_url"] = api,
            ["labels_url"] = $"{api}/issues/{pull.Number}/labels{{/name}}",
            ["comments_url"] = $"{api}/issues/{pull.Number}/comments",
            ["events_url"] = $"{api}/issues/{pull.Number}/events",
            ["html_url"] = $"https://github.com/{pull.Repository}/{(isIssue ? "issues" : "pull")}/{pull.Number}",
            ["id"] = 444500041,
            ["node_id"] = "MDU6SXNzdWU0NDQ1MDAwNDE=",
            ["number"] = pull.Number,
            ["title"] = pull.Title,
            ["user"] = Accounts.User(PullRequestState.Author),
            ["labels"] = new JsonArray(),
            ["state"] = pull.State,
            ["locked"] = false,
            ["assignee"] = null,
            ["assignees"] = new JsonArray(),
            ["milestone"] = null,
            ["comments"] = 0,
            ["created_at"] = Repositories.Time(pull.UpdatedAt),
            ["updated_at"] = Repositories.Time(pull.UpdatedAt),
            ["closed_at"] = null,
            ["author_association"] = pull.AuthorAssociation,
            ["body"] = "",
            ["active_lock_reason"] = null,
            ["performed_via_github_app"] = null,
        };
        if (!isIssue)
        {
            issue["pull_request"] = new JsonObject
            {
                ["url"] = $"{api}/pulls/{pull.Number}",
                ["html_url"] = $"https://github.com/{pull.Repository}/pull/{pull.Number}",
                ["diff_url"] = $"https://github.com/{pull.Repository}/pull/{pull.Number}.diff",
                ["patch_url"] = $"https://github.com/{pull.Repository}/pull/{pull.Number}.patch",
            };
        }

        return issue;
    }

    private static JsonObject Shown(IssueComment comment, string author = Accounts.TokenOwner) => new()
    {
        ["url"] = $"{Repositories.ApiUrl(comment.Repository)}/issues/comments/{comment.Id}",
        ["html_url"] = $"https://github.com/{comment.Repository}/pull/{comment.Number}#issuecomment-{comment.Id}",
        ["issue_url"] = $"{Repositories.ApiUrl(comment.Repository)}/issues/{comment.Number}",
        ["id"] = comment.Id,
        ["node_id"] = $"IC_{comment.Id}",
        ["user"] = Accounts.User(author),
        ["created_at"] = Repositories.Time(comment.CreatedAt),
        ["updated_at"] = Repositories.Time(comment.UpdatedAt),
        ["body"] = comment.Body,
        ["author_association"] = "OWNER",
        ["performed_via_github_app"] = null,
    };
}
