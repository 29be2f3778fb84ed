using Ci.Pipeline.GitHub;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Tunnel;

/// <summary>Keeps watching, since an agent that is restarted may come back elsewhere.</summary>
internal sealed partial class TunnelRegistration(
    IHttpClientFactory clients, RepositoryHooks hooks, IOptions<TunnelOptions> options, ILogger<TunnelRegistration> logger, string secret)
    : BackgroundService
{
    // A host that is just starting may not listen yet when the first ping comes.
    private const int Pings = 5;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.Enabled)
        {
            return;
        }

        var agent = new NgrokAgent(clients.CreateClient(NgrokAgent.ClientName), options.Value.NgrokApiUrl);
        var state = new Progress();
        using var timer = new PeriodicTimer(options.Value.PollInterval);
        do
        {
            if (await agent.PublicUrlAsync(stoppingToken) is { } publicUrl)
            {
                await FollowAsync(state, publicUrl, stoppingToken);
            }
            else if (!state.Waiting)
            {
                state.Waiting = true;
                Log.Waiting(logger, options.Value.NgrokApiUrl);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task FollowAsync(Progress state, Uri publicUrl, CancellationToken cancellationToken)
    {
        state.Waiting = false;
        if (publicUrl != state.PublicUrl)
        {
            Log.Found(logger, publicUrl);
            state.PublicUrl = publicUrl;
            state.Pending = [.. options.Value.Repositories];
        }

        foreach (var repository in state.Pending.ToList())
        {
            if (await TryRegisterAsync(repository, publicUrl, cancellationToken))
            {
                state.Pending.Remove(repository);
            }
        }
    }

    /// <summary>True too when GitHub refused for good.</summary>
    private async Task<bool> TryRegisterAsync(string repository, Uri publicUrl, CancellationToken cancellationToken)
    {
        try
        {
            await RegisterAsync(repository, RepositoryHooks.WebhookUrl(publicUrl), cancellationToken);
            return true;
        }
        catch (GitHubRefusedException e)
        {
            Log.Refused(logger, repository, e.Message);
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Whatever else goes wrong here must not end the host, which a background service's exception does.
            Log.Unreachable(logger, repository, e.Message);
            return false;
        }
    }

    private async Task RegisterAsync(string repository, string url, CancellationToken cancellationToken)
    {
        var existing = await hooks.FindAsync(repository, url, cancellationToken);
        var id = await hooks.SaveAsync(repository, existing, url, secret, cancellationToken);
        Log.Registered(logger, repository, existing is null ? "created" : "updated", url);

        var ping = await PingAsync(repository, id, cancellationToken);
        if (ping is { StatusCode: >= 200 and < 300 })
        {
            Log.Reached(logger, repository, ping.StatusCode);
        }
        else
        {
            Log.NotReached(logger, repository, ping is null ? "no answer yet" : $"{ping.StatusCode} {ping.Status}");
        }
    }

    /// <summary>GitHub's own list of deliveries tells whether a ping arrived.</summary>
    private async Task<HookDelivery?> PingAsync(string repository, long id, CancellationToken cancellationToken)
    {
        HookDelivery? newest = null;
        for (var attempt = 0; attempt < Pings; attempt++)
        {
            var before = await hooks.LastPingAsync(repository, id, cancellationToken);
            await hooks.PingAsync(repository, id, cancellationToken);
            await Task.Delay(options.Value.PollInterval, cancellationToken);
            var after = await hooks.LastPingAsync(repository, id, cancellationToken);
            newest = after is not null && after.Id != before?.Id ? after : newest;
            if (newest is { StatusCode: >= 200 and < 300 })
            {
                break;
            }
        }

        return newest;
    }

    private sealed class Progress
    {
        public bool Waiting { get; set; }

        public Uri? PublicUrl { get; set; }

        public List<string> Pending { get; set; } = [];
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Waiting for an https tunnel at the ngrok agent {NgrokApiUrl}. Is ngrok running?")]
        public static partial void Waiting(ILogger logger, string ngrokApiUrl);

        [LoggerMessage(2, LogLevel.Information, "The tunnel's public address is {PublicUrl}.")]
        public static partial void Found(ILogger logger, Uri publicUrl);

        [LoggerMessage(3, LogLevel.Information, "{Repository}: webhook {Action}, GitHub delivers pull requests to {Url}.")]
        public static partial void Registered(ILogger logger, string repository, string action, string url);

        [LoggerMessage(4, LogLevel.Information, "{Repository}: GitHub's ping arrived ({StatusCode}); pull requests will be built.")]
        public static partial void Reached(ILogger logger, string repository, int statusCode);

        [LoggerMessage(5, LogLevel.Warning, "{Repository}: GitHub's ping was not taken ({Outcome}). "
            + "See the webhook's Recent deliveries on GitHub and the table in docs/github.md.")]
        public static partial void NotReached(ILogger logger, string repository, string outcome);

        [LoggerMessage(6, LogLevel.Error, "{Repository}: the webhook could not be set. {Reason} Then restart; or set Tunnel__Enabled to "
            + "false, and see to the webhook by hand under the repository's Settings, Webhooks.")]
        public static partial void Refused(ILogger logger, string repository, string reason);

        [LoggerMessage(7, LogLevel.Warning, "{Repository}: the webhook could not be set: {Reason} It is tried again.")]
        public static partial void Unreachable(ILogger logger, string repository, string reason);
    }
}
