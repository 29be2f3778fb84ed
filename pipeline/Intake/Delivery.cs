namespace Ci.Pipeline.Intake;

/// <summary>A webhook delivery as it came in; the body is read at most once.</summary>
public sealed record Delivery
{
    /// <summary><c>X-GitHub-Event</c>.</summary>
    public string? Event { get; init; }

    /// <summary><c>X-GitHub-Delivery</c>, a GUID that a redelivery repeats.</summary>
    public string? Id { get; init; }

    /// <summary><c>X-Hub-Signature-256</c>.</summary>
    public string? Signature { get; init; }

    /// <summary><c>Content-Type</c>.</summary>
    public string? ContentType { get; init; }

    /// <summary><c>Content-Length</c>, if it was given.</summary>
    public long? Length { get; init; }

    public string Source { get; init; } = "unknown";

    public required Stream Body { get; init; }
}

/// <summary>What a delivery is about.</summary>
/// <param name="Action">What happened, GitHub's word.</param>
/// <param name="Repository">The repository.</param>
/// <param name="PullRequest">The pull request's number.</param>
/// <param name="Commit">The head commit; null when the delivery does not say.</param>
public sealed record DeliverySubject(string Action, string Repository, int PullRequest, string? Commit);

/// <summary>What became of a delivery; each is one HTTP answer.</summary>
public abstract record DeliveryResult
{
    private DeliveryResult()
    {
    }

    /// <summary>What the delivery is about, as far as it was read.</summary>
    public DeliverySubject? About { get; init; }

    /// <summary>202: the build is on disk and will end in a final state.</summary>
    public sealed record Accepted(string BuildId, string Verdict) : DeliveryResult;

    /// <summary>200: there is nothing to do, and why; with the id of a build that did it already, if there is one.</summary>
    public sealed record Done(string Verdict, string? BuildId = null) : DeliveryResult;

    /// <summary>4xx or 503: it was refused, and what to do about it.</summary>
    public sealed record Refused(int Status, string Problem) : DeliveryResult;
}
