namespace Ci.Pipeline.GitHub;

/// <summary>How many requests GitHub leaves this host (REST API, "Get rate limit status for the authenticated user").</summary>
public sealed class RateLimitStatus(GitHubClient gitHub)
{
    private static readonly GitHubRequest Request = new(HttpMethod.Get, null, "rate_limit", "say how many requests are left");

    /// <summary>The requests of most kinds; null when GitHub does not say.</summary>
    public async Task<Rate?> ReadAsync(CancellationToken cancellationToken) =>
        (await gitHub.SendAsync(Request, GitHubJson.Default.RateLimitAnswer, cancellationToken)).Resources?.Core;
}

/// <summary>How many requests there are in an hour, and how many of them are left.</summary>
/// <param name="Limit">How many there are.</param>
/// <param name="Remaining">How many are left.</param>
/// <param name="Reset">When they are all there again, in seconds since 1970.</param>
public sealed record Rate(int Limit, int Remaining, long Reset);

internal sealed record RateLimitAnswer(RateResources? Resources);

internal sealed record RateResources(Rate? Core);
