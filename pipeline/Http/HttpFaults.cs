using System.Net;

namespace Ci.Pipeline.Http;

/// <summary>Whether a request came to no answer, or to one that another try may better.</summary>
public static class HttpFaults
{
    /// <summary>
    /// The server is away or slow, or what it said is no HTTP. A redirect to what is no address comes out of
    /// <see cref="HttpClient"/> as whatever the address' parts make of it.
    /// </summary>
    public static bool IsNoAnswer(Exception e, CancellationToken cancellationToken) =>
        e is HttpRequestException or IOException or FormatException or ArgumentException or InvalidOperationException or NotSupportedException
        || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    /// <summary>The server is in trouble, or asks for time.</summary>
    public static bool IsPassing(HttpResponseMessage response) =>
        (int)response.StatusCode >= 500 || response.StatusCode == HttpStatusCode.RequestTimeout || IsRateLimited(response);

    /// <summary>Too much was asked: 429, or as GitHub says it, 403 with one of these headers (REST, "Rate limits for the REST API").</summary>
    public static bool IsRateLimited(HttpResponseMessage response) =>
        response.StatusCode == HttpStatusCode.TooManyRequests
        || (response.StatusCode == HttpStatusCode.Forbidden
            && (response.Headers.RetryAfter is not null
                || (response.Headers.TryGetValues("x-ratelimit-remaining", out var left) && left.FirstOrDefault() == "0")));
}
