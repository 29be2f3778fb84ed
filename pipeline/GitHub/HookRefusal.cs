using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Ci.Pipeline.GitHub;

/// <summary>GitHub would not have a webhook read or written, and what a person can do about it.</summary>
internal sealed class HookRefusal(string message, bool passes) : Exception(message)
{
    /// <summary>Whether trying again later can help.</summary>
    public bool Passes { get; } = passes;

    /// <summary>Reads GitHub's answer.</summary>
    public static async Task<HookRefusal> FromAsync(HttpResponseMessage response, string repository, GitHubIdentity identity, CancellationToken cancellation)
    {
        var status = (int)response.StatusCode;
        var passes = status is >= 500 or 408 or 429 || IsRateLimit(response);
        var said = await MessageAsync(response, cancellation);
        var advice = passes ? "It is tried again." : Advice(response.StatusCode, repository, identity);
        return new HookRefusal($"GitHub answered {status} ({said}). {advice}", passes);
    }

    private static string Advice(HttpStatusCode status, string repository, GitHubIdentity identity) => status switch
    {
        HttpStatusCode.Unauthorized =>
            $"It refused {identity.Name}: {identity.HowToBeKnown}; then restart.",
        HttpStatusCode.Forbidden or HttpStatusCode.NotFound =>
            $"Either {repository} does not exist, or this host may not set its webhooks: {identity.HowToBeAllowed("Webhooks: read and write", repository)} "
            + "(on GitHub: Settings, Developer settings) and restart, or set Tunnel__Enabled to false and add the webhook by hand.",
        HttpStatusCode.UnprocessableEntity =>
            "GitHub does not take this webhook: look at the repository's Settings, Webhooks for one in the way, and restart.",
        _ => "Look at docs/github.md, or set Tunnel__Enabled to false and add the webhook by hand.",
    };

    private static bool IsRateLimit(HttpResponseMessage response) =>
        response.StatusCode == HttpStatusCode.Forbidden
        && (response.Headers.RetryAfter is not null
            || (response.Headers.TryGetValues("x-ratelimit-remaining", out var left) && left.First() == "0"));

    private static async Task<string> MessageAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        try
        {
            var error = await response.Content.ReadFromJsonAsync(RepositoryHookJson.Default.GitHubError, cancellation);
            return error?.Message ?? response.ReasonPhrase ?? "no reason given";
        }
        catch (JsonException)
        {
            return response.ReasonPhrase ?? "no reason given";
        }
    }
}
