namespace Ci.Pipeline.GitHub;

/// <summary>GitHub REST API, "Get rate limit status for the authenticated user".</summary>
public sealed class RateLimitStatus(GitHubClient gitHub)
{
    private static readonly GitHubRequest Request = new(HttpMethod.Get, null, "rate_limit", "say how many requests are left");

    public async Task<Rate?> ReadAsync(CancellationToken cancellationToken) =>
        (await gitHub.SendAsync(Request, GitHubJson.Default.RateLimitAnswer, cancellationToken)).Resources?.Core;
}

/// <summary>Requests in an hour; <c>Reset</c> is in seconds since 1970.</summary>
public sealed record Rate(int Limit, int Remaining, long Reset);

internal sealed record RateLimitAnswer(RateResources? Resources);

internal sealed record RateResources(Rate? Core);
