using System.Globalization;
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

    /// <summary>GitHub's payload for an event of this pull request (the fields that GitHub always sends, as in its published examples).</summary>
    public JsonObject Payload(string action, string? before = null)
    {
        var payload = Payload(action);
        if (before is not null)
        {
            payload["before"] = before;
            payload["after"] = Head;
        }

        return payload;
    }

    private JsonObject Payload(string action) => new()
    {
        ["action"] = action,
        ["number"] = Number,
        ["pull_request"] = new JsonObject
        {
            ["url"] = $"https://api.github.com/repos/{Repository}/pulls/{Number}",
            ["id"] = 279147437 + Number,
            ["html_url"] = $"https://github.com/{Repository}/pull/{Number}",
            ["number"] = Number,
            ["state"] = State,
            ["locked"] = false,
            ["title"] = Title,
            ["user"] = User("sample-author", 2),
            ["body"] = "",
            ["created_at"] = Time(UpdatedAt),
            ["updated_at"] = Time(UpdatedAt),
            ["closed_at"] = State == "closed" ? Time(UpdatedAt) : null,
            ["merged_at"] = Merged ? Time(UpdatedAt) : null,
            ["merge_commit_sha"] = MergeCommit,
            ["labels"] = new JsonArray(),
            ["draft"] = Draft,
            ["head"] = Side(HeadRepository, Branch, Head),
            ["base"] = Side(Repository, "main", new string('b', 40)),
            ["author_association"] = "OWNER",
            ["merged"] = Merged,
        },
        ["repository"] = RepositoryObject(Repository),
        ["sender"] = User("sample-author", 2),
    };

    private static JsonObject Side(string? repository, string branch, string commit) => new()
    {
        ["label"] = $"{(repository ?? "unknown").Split('/')[0]}:{branch}",
        ["ref"] = branch,
        ["sha"] = commit,
        ["user"] = User((repository ?? "ghost/").Split('/')[0], 1),
        ["repo"] = repository is null ? null : RepositoryObject(repository),
    };

    private static JsonObject RepositoryObject(string repository) => new()
    {
        ["id"] = 186853002L + (uint)StringComparer.OrdinalIgnoreCase.GetHashCode(repository) % 1_000_000,
        ["name"] = repository.Split('/')[1],
        ["full_name"] = repository,
        ["private"] = false,
        ["owner"] = User(repository.Split('/')[0], 1),
        ["html_url"] = $"https://github.com/{repository}",
        ["default_branch"] = "main",
    };

    private static JsonObject User(string login, int id) => new() { ["login"] = login, ["id"] = id, ["type"] = "User", ["site_admin"] = false };

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
