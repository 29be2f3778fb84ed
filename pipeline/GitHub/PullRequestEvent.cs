using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ci.Pipeline.GitHub;

/// <summary>GitHub's <c>pull_request</c> payload (docs.github.com, "Webhook events and payloads").</summary>
public sealed record PullRequestEvent
{
    public required string Action { get; init; }

    public required int Number { get; init; }

    /// <summary>With <c>synchronize</c>: the head commit that was replaced.</summary>
    public string? Before { get; init; }

    public required PullRequest PullRequest { get; init; }
    public required Repository Repository { get; init; }

    public Label? Label { get; init; }

    public Account? Sender { get; init; }

    /// <exception cref="JsonException">It is not JSON, or something that we need is missing or of another type.</exception>
    public static PullRequestEvent Parse(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, GitHubJson.Default.PullRequestEvent)
        ?? throw new JsonException("The payload is null.");
}

public sealed record PullRequest
{
    public required Side Head { get; init; }
    public required Side Base { get; init; }

    /// <summary><c>open</c> or <c>closed</c>.</summary>
    public string? State { get; init; }

    public bool Draft { get; init; }

    /// <summary>On <c>closed</c> this tells a merge from a rejection.</summary>
    public bool? Merged { get; init; }

    public required string Title { get; init; }

    /// <summary>Null for a deleted account.</summary>
    public Account? User { get; init; }

    /// <summary><c>OWNER</c>, <c>MEMBER</c>, <c>COLLABORATOR</c>, <c>NONE</c>, …</summary>
    public string? AuthorAssociation { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }
    public required string HtmlUrl { get; init; }

    [JsonIgnore]
    public bool IsFork => Head.Repo is null || Head.Repo.Id != Base.Repo?.Id;
}

public sealed record Side
{
    public required string Ref { get; init; }
    public required string Sha { get; init; }

    /// <summary>Null when a fork was deleted.</summary>
    public Repository? Repo { get; init; }
}

public sealed record Repository
{
    /// <summary>A rename does not change it.</summary>
    public required long Id { get; init; }

    /// <summary><c>owner/name</c>.</summary>
    public required string FullName { get; init; }

    public bool? Private { get; init; }
    public string? DefaultBranch { get; init; }

    /// <summary>All commits together, in kilobytes; GitHub counts anew from time to time.</summary>
    public long? Size { get; init; }
}

public sealed record Label
{
    /// <summary>GitHub takes two that differ in case for one.</summary>
    public required string Name { get; init; }
}

public sealed record Account
{
    public required string Login { get; init; }
}
