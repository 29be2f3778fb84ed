using System.Collections.Concurrent;
using System.Globalization;
using System.Net;

namespace Ci.Pipeline.GitHub;

/// <summary>Whoever goes on asking may be banned (GitHub Docs, "Rate limits for the REST API").</summary>
public sealed class GitHubRateLimits(TimeProvider time)
{
    // "Otherwise, wait for at least one minute before retrying", and then "for an exponentially increasing amount of time".
    private static readonly TimeSpan Untold = TimeSpan.FromMinutes(1);

    // The primary limit is one of an hour; what asks for more is a mistake.
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, Limit> _limits = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Null when GitHub may be asked.</summary>
    public TimeSpan? Left(string account) =>
        _limits.TryGetValue(account, out var limit) && limit.Until - time.GetUtcNow() is { Ticks: > 0 } left ? left : null;

    /// <summary>How long to wait if too much was asked, else null. The message alone may tell a secondary limit.</summary>
    public TimeSpan? Note(string account, HttpResponseMessage response, string? message)
    {
        if (!IsLimit(response, message))
        {
            return null;
        }

        var now = time.GetUtcNow();
        // Requests that were on their way together met one limit together.
        var times = _limits.TryGetValue(account, out var known) ? known.Times + (known.Until > now ? 0 : 1) : 0;
        var wait = RetryAfter(response) ?? UntilReset(response) ?? Untold * (1 << Math.Min(times, 6));
        wait = wait < Longest ? wait : Longest;
        _limits[account] = new Limit(now + wait, times);
        return wait;
    }

    /// <summary>GitHub took a request: the next limit is the first again.</summary>
    public void Clear(string account)
    {
        if (_limits.TryGetValue(account, out var limit) && limit.Until <= time.GetUtcNow())
        {
            _limits.TryRemove(new(account, limit));
        }
    }

    public TimeSpan? RetryAfter(HttpResponseMessage response) =>
        response.Headers.RetryAfter is { } retry && (retry.Delta ?? retry.Date - time.GetUtcNow()) is { } wait ? NotNegative(wait) : null;

    private static bool IsLimit(HttpResponseMessage response, string? message) =>
        response.StatusCode == HttpStatusCode.TooManyRequests
        || (response.StatusCode == HttpStatusCode.Forbidden
            && (response.Headers.RetryAfter is not null
                || Header(response, "x-ratelimit-remaining") == "0"
                || message?.Contains("rate limit", StringComparison.OrdinalIgnoreCase) == true
                || message?.Contains("abuse detection", StringComparison.OrdinalIgnoreCase) == true));

    /// <summary>Every answer says when the count begins anew; that matters only when nothing is left of it.</summary>
    private TimeSpan? UntilReset(HttpResponseMessage response) =>
        Header(response, "x-ratelimit-remaining") == "0"
        && long.TryParse(Header(response, "x-ratelimit-reset"), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
        && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? NotNegative(DateTimeOffset.FromUnixTimeSeconds(seconds) - time.GetUtcNow())
            : null;

    private static TimeSpan NotNegative(TimeSpan time) => time < TimeSpan.Zero ? TimeSpan.Zero : time;

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    private sealed record Limit(DateTimeOffset Until, int Times);
}
