using System.Net.Http.Json;
using System.Text.Json;

namespace Ci.Pipeline.Tunnel;

/// <summary>Asks the ngrok agent, over its own API, under which address the internet reaches this program.</summary>
internal sealed class NgrokAgent(HttpClient http, string apiUrl)
{
    /// <summary>The name of the agent's <see cref="HttpClient"/>.</summary>
    public const string ClientName = "ngrok";

    private readonly Uri _tunnels = new($"{apiUrl.TrimEnd('/')}/api/tunnels");

    /// <summary>The https tunnel's public address, or null while there is no agent or no such tunnel yet.</summary>
    public async Task<Uri?> PublicUrlAsync(CancellationToken cancellationToken)
    {
        try
        {
            var answer = await http.GetFromJsonAsync(_tunnels, TunnelJson.Default.NgrokTunnels, cancellationToken);
            return answer?.Tunnels?
                .Select(tunnel => Uri.TryCreate(tunnel.PublicUrl, UriKind.Absolute, out var url) ? url : null)
                .FirstOrDefault(url => url?.Scheme == Uri.UriSchemeHttps);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException || IsTimeOut(e, cancellationToken))
        {
            return null;
        }
    }

    private static bool IsTimeOut(Exception e, CancellationToken cancellationToken) =>
        e is OperationCanceledException && !cancellationToken.IsCancellationRequested;
}
