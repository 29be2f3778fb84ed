using System.Text.Json;
using Ci.Pipeline.Text;

namespace Ci.Pipeline.GitHub;

/// <summary>GitHub's <c>issue_comment</c> payload: a pull request's comments come as an issue's.</summary>
internal sealed record IssueCommentEvent
{
    /// <summary><c>created</c>, <c>edited</c> or <c>deleted</c>.</summary>
    public required string Action { get; init; }

    public required Issue Issue { get; init; }
    public required Comment Comment { get; init; }
    public required Repository Repository { get; init; }
    public Account? Sender { get; init; }

    /// <exception cref="JsonException">It is not JSON, or something that we need is missing or of another type.</exception>
    public static IssueCommentEvent Parse(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, GitHubJson.Default.IssueCommentEvent)
        ?? throw new JsonException("The payload is null.");
}

internal sealed record Issue
{
    public required int Number { get; init; }

    /// <summary>Null when it is an issue.</summary>
    public JsonElement? PullRequest { get; init; }
}

public sealed record Comment
{
    public string? Body { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary><c>Commit</c> is the beginning of a hash; null is the head as it was when the comment was made.</summary>
internal sealed record BuildCommand(string? Commit)
{
    private const string Word = "/build";
    private const int ShortestCommit = 7;

    /// <summary>Only a first line of <c>/build</c> counts, alone or with a commit behind it; a quotation of it does not.</summary>
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

    public static string For(string commit) => $"{Word} {Format.Commit(commit)}";
}
