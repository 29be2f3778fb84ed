using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Ci.Pipeline.Http;

namespace Ci.Pipeline.GitHub;

/// <summary>GitHub would not have a webhook read or written, and what a person can do about it.</summary>
internal sealed class HookRefusal(string message, bool passes) : Exception(message)
{
    /// <summary>Whether trying again later can help.</summary>
    public bool Passes { get; } = passes;

    /// <summary>Reads GitHub's answer.</summary>
    public static async Task<HookRefusal> FromAsync(HttpResponseMessage response, string repository, GitHubIdentity identity, CancellationToken cancellationToken)
    {
        var status = (int)response.StatusCode;
        var passes = HttpFaults.IsPassing(response);
        var said = await MessageAsync(response, cancellationToken);
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

    private static async Task<string> MessageAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            var error = await response.Content.ReadFromJsonAsync(RepositoryHookJson.Default.GitHubError, cancellationToken);
            return error?.Message ?? response.ReasonPhrase ?? "no reason given";
        }
        catch (JsonException)
        {
            return response.ReasonPhrase ?? "no reason given";
        }
    }
}
