using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Ci.StandIn;

/// <summary>A commit status that was made.</summary>
public sealed record CommitStatus(string State, string Context, string Description, string? TargetUrl, DateTimeOffset CreatedAt);

/// <summary>The commit statuses, by GitHub's rules: a known state, 140 characters, 1,000 a commit and context.</summary>
internal sealed class Statuses
{
    private const int MaxDescription = 140;
    private const int Most = 1000;
    private static readonly string[] States = ["error", "failure", "pending", "success"];

    private readonly ConcurrentDictionary<(string Repository, string Sha), ConcurrentQueue<CommitStatus>> _statuses = new();

    /// <summary>The statuses of a commit, oldest first.</summary>
    public IReadOnlyList<CommitStatus> Of(string repository, string sha) =>
        _statuses.TryGetValue((repository, sha), out var statuses) ? [.. statuses] : [];

    /// <summary>Makes one; returns GitHub's answer, or the sentence with which it would refuse.</summary>
    public (JsonObject? Made, string? Problem) Make(string repository, string sha, JsonNode? body)
    {
        var made = new CommitStatus(
            Text(body, "state") ?? "", Text(body, "context") ?? "default", Text(body, "description") ?? "", Text(body, "target_url"), DateTimeOffset.UtcNow);
        var statuses = _statuses.GetOrAdd((repository, sha), _ => new ConcurrentQueue<CommitStatus>());
        var problem = !States.Contains(made.State) ? "state is not included in the list"
            : made.Description.Length > MaxDescription ? $"description is too long (maximum is {MaxDescription} characters)"
            : statuses.Count(status => status.Context == made.Context) >= Most ? "This SHA and context has reached the maximum number of statuses."
            : null;
        if (problem is not null)
        {
            return (null, problem);
        }

        statuses.Enqueue(made);
        return (Json(repository, sha, made, statuses.Count), null);
    }

    private static string? Text(JsonNode? body, string key) => body?[key] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private static JsonObject Json(string repository, string sha, CommitStatus status, int id)
    {
        var time = status.CreatedAt.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        return new JsonObject
        {
            ["url"] = $"https://api.github.com/repos/{repository}/statuses/{sha}",
            ["avatar_url"] = "https://github.com/images/error/hubot_happy.gif",
            ["id"] = id,
            ["node_id"] = "MDY6U3RhdHVzMQ==",
            ["state"] = status.State,
            ["description"] = status.Description,
            ["target_url"] = status.TargetUrl,
            ["context"] = status.Context,
            ["created_at"] = time,
            ["updated_at"] = time,
            ["creator"] = null,
        };
    }
}
