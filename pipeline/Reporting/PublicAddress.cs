using Ci.Pipeline.Tunnel;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Reporting;

/// <summary>The address under which the world reaches this host: what is set, else where the ngrok agent's tunnel is now. It is
/// looked up when it is needed, and again once a minute, for a tunnel that is opened anew may be elsewhere.</summary>
public sealed class PublicAddress(
    IHttpClientFactory clients, IOptions<ReportOptions> options, IOptions<TunnelOptions> tunnel, TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);

    // A link is not worth a longer wait.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    private volatile Found? _found;

    /// <summary>A build's address on this host.</summary>
    public static string PathTo(string id) => $"/api/builds/{Uri.EscapeDataString(id)}";

    /// <summary>A build's page; null when nobody knows an address of this host that the world could use.</summary>
    public async Task<string?> PageOfAsync(string id, CancellationToken cancellationToken) =>
        await FindAsync(cancellationToken) is { } address ? address.TrimEnd('/') + PathTo(id) : null;

    private async Task<string?> FindAsync(CancellationToken cancellationToken)
    {
        if (options.Value.PublicUrl.Length > 0)
        {
            return options.Value.PublicUrl;
        }

        if (_found is { } found && time.GetUtcNow() - found.At < Fresh)
        {
            return found.Address;
        }

        var address = await TunnelAsync(cancellationToken);
        _found = new Found(address, time.GetUtcNow());
        return address;
    }

    /// <summary>Where the ngrok agent's tunnel is now; null when there is no agent, or no tunnel.</summary>
    public async Task<string?> TunnelAsync(CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(tunnel.Value.NgrokApiUrl, UriKind.Absolute, out _))
        {
            return null;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            var agent = new NgrokAgent(clients.CreateClient(NgrokAgent.ClientName), tunnel.Value.NgrokApiUrl);
            return (await agent.PublicUrlAsync(limit.Token))?.AbsoluteUri;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private sealed record Found(string? Address, DateTimeOffset At);
}
