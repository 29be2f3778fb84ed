using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Polly;

namespace Ci.Pipeline.Http;

/// <summary>A passing fault is tried again at once, before the queue tries the whole build again.</summary>
internal static class HttpRetries
{
    // Whoever asks for a longer wait than this gets it from the queue, and not from a worker that could build something else.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    public static void AddRetries(this IHttpClientBuilder client) =>
        client.AddResilienceHandler("retries", pipeline => pipeline.AddRetry(new HttpRetryStrategyOptions
        {
            MaxRetryAttempts = 2,
            Delay = TimeSpan.FromSeconds(0.5),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            ShouldRetryAfterHeader = true,
            ShouldHandle = attempt => ValueTask.FromResult(IsPassing(attempt.Outcome) && !IsLongWait(attempt.Outcome.Result)),
        }));

    private static bool IsPassing(Outcome<HttpResponseMessage> outcome) =>
        outcome.Exception is HttpRequestException || (outcome.Result is { } response && TransientHttp.IsTransient(response.StatusCode));

    private static bool IsLongWait(HttpResponseMessage? response) =>
        response?.Headers.RetryAfter is { } wait && (wait.Delta ?? wait.Date - DateTimeOffset.UtcNow) > LongestWait;
}
