using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ci.Pipeline.Http;

namespace Ci.Pipeline.Tunnel;

/// <summary>Asks the ngrok agent, over its own API, under which address the internet reaches this program.</summary>
internal sealed class NgrokAgent(HttpClient http, string apiUrl)
{
    public const string ClientName = "ngrok";

    private readonly Uri _tunnels = new($"{apiUrl.TrimEnd('/')}/api/tunnels");

    /// <summary>The https tunnel's public address, or null while there is no agent or no such tunnel yet.</summary>
    public async Task<Uri?> PublicUrlAsync(CancellationToken cancellationToken)
    {
        try
        {
            var answer = await http.GetFromJsonAsync(_tunnels, NgrokJson.Default.NgrokTunnels, cancellationToken);
            return answer?.Tunnels?
                .Select(tunnel => Uri.TryCreate(tunnel.PublicUrl, UriKind.Absolute, out var url) ? url : null)
                .FirstOrDefault(url => url?.Scheme == Uri.UriSchemeHttps);
        }
        catch (Exception e) when (e is JsonException || TransientHttp.IsNoAnswer(e, cancellationToken))
        {
            return null;
        }
    }
}

/// <summary>The agent's answer to <c>GET /api/tunnels</c>, as far as it is read.</summary>
internal sealed record NgrokTunnels(IReadOnlyList<NgrokTunnel>? Tunnels);

internal sealed record NgrokTunnel(string? PublicUrl);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(NgrokTunnels))]
internal sealed partial class NgrokJson : JsonSerializerContext;
