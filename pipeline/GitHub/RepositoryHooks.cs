using System.Net.Http.Json;

namespace Ci.Pipeline.GitHub;

/// <summary>One repository's webhooks over GitHub's REST API.</summary>
internal sealed class RepositoryHooks(HttpClient github, string repository, GitHubIdentity identity)
{
    private const string Path = "/api/webhook";

    // The domains ngrok gives tunnels; a hook under one of them with our path is ours from an earlier start.
    private static readonly string[] NgrokDomains =
        [".ngrok.io", ".ngrok.app", ".ngrok.dev", ".ngrok-free.app", ".ngrok-free.dev", ".ngrok.pizza"];

    private readonly string _hooks = $"repos/{repository}/hooks";

    /// <summary>The address GitHub is to deliver to, under a tunnel's public address.</summary>
    public static string WebhookUrl(Uri publicUrl) => new Uri(publicUrl, Path).AbsoluteUri;

    /// <summary>Our hook: the one with this very address, else one that an earlier tunnel left behind.</summary>
    public async Task<Hook?> FindAsync(string url, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, $"{_hooks}?per_page=100", null, cancellationToken);
        var hooks = await response.Content.ReadFromJsonAsync(RepositoryHookJson.Default.ListHook, cancellationToken) ?? [];
        return hooks.FirstOrDefault(hook => string.Equals(hook.Config?.Url, url, StringComparison.OrdinalIgnoreCase))
            ?? hooks.FirstOrDefault(hook => LeadsToATunnel(hook.Config?.Url));
    }

    /// <summary>Creates the hook, or points the existing one here; returns its id.</summary>
    public async Task<long> SaveAsync(Hook? existing, string url, string secret, CancellationToken cancellationToken)
    {
        var change = new HookChange("web", Active: true, ["pull_request", "issue_comment"], new HookConfig(url, "json", secret, "0"));
        if (existing is not null)
        {
            using var changed = await SendAsync(HttpMethod.Patch, $"{_hooks}/{existing.Id}", change, cancellationToken);
            return existing.Id;
        }

        using var created = await SendAsync(HttpMethod.Post, _hooks, change, cancellationToken);
        var hook = await created.Content.ReadFromJsonAsync(RepositoryHookJson.Default.Hook, cancellationToken);
        return hook?.Id ?? throw new HttpRequestException("GitHub answered the creation of a webhook without its id.");
    }

    /// <summary>Has GitHub deliver a <c>ping</c>.</summary>
    public async Task PingAsync(long id, CancellationToken cancellationToken)
    {
        using var pinged = await SendAsync(HttpMethod.Post, $"{_hooks}/{id}/pings", null, cancellationToken);
    }

    /// <summary>The newest <c>ping</c> among the hook's recent deliveries.</summary>
    public async Task<HookDelivery?> LastPingAsync(long id, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, $"{_hooks}/{id}/deliveries?per_page=20", null, cancellationToken);
        var deliveries = await response.Content.ReadFromJsonAsync(RepositoryHookJson.Default.ListHookDelivery, cancellationToken);
        return deliveries?.Where(delivery => delivery.Event == "ping").MaxBy(delivery => delivery.Id);
    }

    private static bool LeadsToATunnel(string? url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var parsed)
        && parsed.AbsolutePath == Path
        && NgrokDomains.Any(domain => parsed.Host.EndsWith(domain, StringComparison.OrdinalIgnoreCase));

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HookChange? change, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        request.Content = change is null ? null : JsonContent.Create(change, RepositoryHookJson.Default.HookChange);
        var response = await github.SendAsync(request, cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw await HookRefusal.FromAsync(response, repository, identity, cancellationToken);
        }
    }
}
