using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ci.Pipeline.Http;

namespace Ci.Pipeline.Tunnel;

internal sealed class NgrokAgent(HttpClient http, string apiUrl)
{
    public const string ClientName = "ngrok";

    private readonly Uri _tunnels = new($"{apiUrl.TrimEnd('/')}/api/tunnels");

    /// <summary>Null while there is no agent or no https tunnel yet.</summary>
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

/// <summary>The agent's answer to <c>GET /api/tunnels</c>.</summary>
internal sealed record NgrokTunnels(IReadOnlyList<NgrokTunnel>? Tunnels);

internal sealed record NgrokTunnel(string? PublicUrl);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(NgrokTunnels))]
internal sealed partial class NgrokJson : JsonSerializerContext;
