using System.Text.Json;
using Ci.Pipeline.Text;

namespace Ci.Pipeline.GitHub;

/// <summary>The slice of GitHub's <c>issue_comment</c> payload that we read; a pull request's comments come as an issue's.</summary>
public sealed record IssueCommentEvent
{
    /// <summary>What happened to the comment: <c>created</c>, <c>edited</c> or <c>deleted</c>.</summary>
    public required string Action { get; init; }

    public required Issue Issue { get; init; }
    public required Comment Comment { get; init; }
    public required Repository Repository { get; init; }
    public Account? Sender { get; init; }

    /// <summary>Reads a payload.</summary>
    /// <exception cref="JsonException">It is not JSON, or something that we need is missing or of another type.</exception>
    public static IssueCommentEvent Parse(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, GitHubJson.Default.IssueCommentEvent)
        ?? throw new JsonException("The payload is null.");
}

public sealed record Issue
{
    public required int Number { get; init; }

    /// <summary>There if it is a pull request.</summary>
    public JsonElement? PullRequest { get; init; }
}

public sealed record Comment
{
    public string? Body { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>What a comment asks for.</summary>
/// <param name="Commit">The beginning of the commit's hash that the comment names; null for the head as it was then.</param>
public sealed record BuildCommand(string? Commit)
{
    private const string Word = "/build";
    private const int ShortestCommit = 7;

    /// <summary>
    /// Reads a comment: its first line is <c>/build</c>, alone or with a commit behind it. Null when it is anything else, a
    /// quotation of the command among it.
    /// </summary>
    public static BuildCommand? Parse(string? body)
    {
        var words = (body ?? "").TrimStart().Split('\n', 2)[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return words switch
        {
            [Word] => new BuildCommand(Commit: null),
            [Word, var commit] when commit.Length is >= ShortestCommit and <= 64 && commit.All(char.IsAsciiHexDigit) =>
                new BuildCommand(commit.ToLowerInvariant()),
            _ => null,
        };
    }

    /// <summary>The command that approves a commit and no other.</summary>
    public static string For(string commit) => $"{Word} {Format.Commit(commit)}";
}
