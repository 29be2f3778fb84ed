using System.Text.Json.Serialization;

namespace Ci.Pipeline.Tunnel;

/// <summary>The ngrok agent's answer to <c>GET /api/tunnels</c>, as far as it is read.</summary>
internal sealed record NgrokTunnels(IReadOnlyList<NgrokTunnel>? Tunnels);

/// <summary>One tunnel of the agent.</summary>
internal sealed record NgrokTunnel(string? PublicUrl);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NgrokTunnels))]
internal sealed partial class TunnelJson : JsonSerializerContext;
