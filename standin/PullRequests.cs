using System.Text.Json.Nodes;

namespace Ci.StandIn;

/// <summary>A pull request as the stand-in keeps it.</summary>
public sealed record PullRequestState
{
    public required string Repository { get; init; }

    public required int Number { get; init; }

    public required string Branch { get; init; }

    public required string Head { get; init; }

    public required string Title { get; init; }

    public string State { get; init; } = "open";

    public bool Draft { get; init; }

    public bool Merged { get; init; }

    public string? MergeCommit { get; init; }

    /// <summary>The repository that the head is in; null is a fork that was deleted.</summary>
    public string? HeadRepository { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The head before the last push.</summary>
    public string? Before { get; init; }

    /// <summary>How large the repository is.</summary>
    public long RepositoryKilobytes { get; init; }

    /// <summary>What its author is to the repository.</summary>
    public string AuthorAssociation { get; init; } = "OWNER";

    /// <summary>Who did what happened last; null for its author.</summary>
    public string? Sender { get; init; }

    /// <summary>The label that was set or taken off last.</summary>
    public string LabelName { get; init; } = "bug";

    /// <summary>The labels that it has.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>GitHub's payload for an event of this pull request: the fields that its published examples of the action all
    /// have.</summary>
    public JsonObject Payload(string action)
    {
        var payload = new JsonObject
        {
            ["action"] = action,
            ["number"] = Number,
            ["pull_request"] = Shown(),
            ["repository"] = Repositories.Part(Repository, RepositoryKilobytes),
            ["sender"] = Accounts.User(Sender ?? Author),
        };
        if (action == "synchronize")
        {
            payload["before"] = Before;
            payload["after"] = Head;
        }
        else if (action is "labeled" or "unlabeled")
        {
            payload["label"] = Label(LabelName);
        }

        return payload;
    }

    /// <summary>The pull request itself, as payloads carry it and as its address answers.</summary>
    public JsonObject Shown() => new()
    {
        ["url"] = $"{Api}/pulls/{Number}",
        ["id"] = 279147437 + Number,
        ["node_id"] = "MDExOlB1bGxSZXF1ZXN0Mjc5MTQ3NDM3",
        ["html_url"] = Page,
        ["diff_url"] = $"{Page}.diff",
        ["patch_url"] = $"{Page}.patch",
        ["issue_url"] = $"{Api}/issues/{Number}",
        ["number"] = Number,
        ["state"] = State,
        ["locked"] = false,
        ["title"] = Title,
        ["user"] = Accounts.User(Author),
        ["body"] = "",
        ["created_at"] = Repositories.Time(UpdatedAt),
        ["updated_at"] = Repositories.Time(UpdatedAt),
        ["closed_at"] = State == "closed" ? Repositories.Time(UpdatedAt) : null,
        ["merged_at"] = Merged ? Repositories.Time(UpdatedAt) : null,
        ["merge_commit_sha"] = MergeCommit,
        ["assignee"] = null,
        ["assignees"] = new JsonArray(),
        ["requested_reviewers"] = new JsonArray(),
        ["requested_teams"] = new JsonArray(),
        ["labels"] = new JsonArray([.. Labels.Select(Label)]),
        ["milestone"] = null,
        ["commits_url"] = $"{Api}/pulls/{Number}/commits",
        ["review_comments_url"] = $"{Api}/pulls/{Number}/comments",
        ["review_comment_url"] = $"{Api}/pulls/comments{{/number}}",
        ["comments_url"] = $"{Api}/issues/{Number}/comments",
        ["statuses_url"] = $"{Api}/statuses/{Head}",
        ["head"] = Side(HeadRepository, Branch, Head),
        ["base"] = Side(Repository, "main", new string('b', 40)),
        ["_links"] = Links(),
        ["author_association"] = AuthorAssociation,
        ["auto_merge"] = null,
        ["active_lock_reason"] = null,
        ["draft"] = Draft,
        ["merged"] = Merged,
        ["mergeable"] = null,
        ["rebaseable"] = null,
        ["mergeable_state"] = "unknown",
        ["merged_by"] = Merged ? Accounts.User(Author) : null,
        ["comments"] = 0,
        ["review_comments"] = 0,
        ["maintainer_can_modify"] = false,
        ["commits"] = 1,
        ["additions"] = 1,
        ["deletions"] = 1,
        ["changed_files"] = 1,
    };

    public const string Author = "sample-author";

    private string Api => Repositories.ApiUrl(Repository);

    private string Page => $"https://github.com/{Repository}/pull/{Number}";

    private JsonObject Links()
    {
        static JsonObject Link(string address) => new() { ["href"] = address };
        return new JsonObject
        {
            ["self"] = Link($"{Api}/pulls/{Number}"),
            ["html"] = Link(Page),
            ["issue"] = Link($"{Api}/issues/{Number}"),
            ["comments"] = Link($"{Api}/issues/{Number}/comments"),
            ["review_comments"] = Link($"{Api}/pulls/{Number}/comments"),
            ["review_comment"] = Link($"{Api}/pulls/comments{{/number}}"),
            ["commits"] = Link($"{Api}/pulls/{Number}/commits"),
            ["statuses"] = Link($"{Api}/statuses/{Head}"),
        };
    }

    private JsonObject Label(string name) => new()
    {
        ["id"] = 1362934389,
        ["node_id"] = "MDU6TGFiZWwxMzYyOTM0Mzg5",
        ["url"] = $"{Api}/labels/{name}",
        ["name"] = name,
        ["color"] = "d73a4a",
        ["default"] = true,
        ["description"] = "Something isn't working",
    };

    private JsonObject Side(string? repository, string branch, string commit) => new()
    {
        ["label"] = $"{(repository ?? "unknown").Split('/')[0]}:{branch}",
        ["ref"] = branch,
        ["sha"] = commit,
        ["user"] = Accounts.User((repository ?? "ghost/").Split('/')[0]),
        ["repo"] = repository is null ? null : Repositories.Part(repository, RepositoryKilobytes),
    };
}
