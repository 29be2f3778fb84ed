namespace Ci.Pipeline.GitHub;

internal sealed class RepositoryHooks(GitHubClient gitHub)
{
    private const string Path = "/api/webhook";

    // The domains ngrok gives tunnels; a hook under one of them with our path is ours from an earlier start.
    private static readonly string[] NgrokDomains =
        [".ngrok.io", ".ngrok.app", ".ngrok.dev", ".ngrok-free.app", ".ngrok-free.dev", ".ngrok.pizza"];

    internal static string WebhookUrl(Uri publicUrl) => new Uri(publicUrl, Path).AbsoluteUri;

    /// <summary>The hook with this very address, else one that an earlier tunnel left behind.</summary>
    internal async Task<Hook?> FindAsync(string repository, string url, CancellationToken cancellationToken)
    {
        var hooks = await gitHub.SendAsync(
            Request(HttpMethod.Get, repository, "?per_page=100", "list the webhooks"), GitHubJson.Default.ListHook, cancellationToken);
        return hooks.Find(hook => string.Equals(hook.Config?.Url, url, StringComparison.OrdinalIgnoreCase))
            ?? hooks.Find(hook => LeadsToATunnel(hook.Config?.Url));
    }

    internal async Task<long> SaveAsync(string repository, Hook? existing, string url, string secret, CancellationToken cancellationToken)
    {
        var config = new HookConfig(url, "json", secret, "0");
        var change = new HookChange("web", Active: true, ["pull_request", "issue_comment"], config);
        if (existing is not null)
        {
            var request = Request(HttpMethod.Patch, repository, $"/{existing.Id}", "change a webhook");
            await gitHub.SendAsync(request.With(change, GitHubJson.Default.HookChange), cancellationToken);
            return existing.Id;
        }

        var created = await gitHub.CreateAsync(
            Request(HttpMethod.Post, repository, "", "make a webhook").With(change, GitHubJson.Default.HookChange),
            GitHubJson.Default.Hook,
            stop => FindAsync(repository, url, stop),
            cancellationToken);
        return created.Id;
    }

    internal Task PingAsync(string repository, long id, CancellationToken cancellationToken) =>
        gitHub.SendAsync(Request(HttpMethod.Post, repository, $"/{id}/pings", "ping a webhook"), cancellationToken);

    internal async Task<HookDelivery?> LastPingAsync(string repository, long id, CancellationToken cancellationToken)
    {
        var deliveries = await gitHub.SendAsync(
            Request(HttpMethod.Get, repository, $"/{id}/deliveries?per_page=20", "list the deliveries of a webhook"),
            GitHubJson.Default.ListHookDelivery,
            cancellationToken);
        return deliveries.Where(delivery => delivery.Event == "ping").MaxBy(delivery => delivery.Id);
    }

    private static bool LeadsToATunnel(string? url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var parsed)
        && parsed.AbsolutePath == Path
        && NgrokDomains.Any(domain => parsed.Host.EndsWith(domain, StringComparison.OrdinalIgnoreCase));

    private static GitHubRequest Request(HttpMethod method, string repository, string path, string purpose) =>
        new(method, repository, "hooks" + path, $"{purpose} of {repository}", "Webhooks: read and write");
}

internal sealed record Hook(long Id, HookTarget? Config);

internal sealed record HookTarget(string? Url);

internal sealed record HookConfig(string Url, string ContentType, string Secret, string InsecureSsl)
{
    /// <summary>Only the address: a record prints all its members, and this one holds the secret.</summary>
    public override string ToString() => Url;
}

internal sealed record HookChange(string Name, bool Active, IReadOnlyList<string> Events, HookConfig Config);

internal sealed record HookDelivery(long Id, string? Event, int StatusCode, string? Status);
