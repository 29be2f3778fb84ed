using System.Security.Cryptography;
using System.Text.Json;

namespace Ci.Pipeline.Registry;

/// <summary><c>Size</c> is what pulling downloads: configuration and layers, compressed, in bytes.</summary>
public sealed record Manifest(string Digest, string MediaType, long Size, byte[] Content)
{
    public static string DigestOf(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>What pulling the image downloads, in bytes; 0 of an index.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="InvalidOperationException">A member is of another type than the specification says.</exception>
    /// <exception cref="KeyNotFoundException">A member is missing.</exception>
    /// <exception cref="FormatException">A size is no size.</exception>
    /// <exception cref="OverflowException">The sizes are too large together.</exception>
    internal static long SizeOf(byte[] content)
    {
        using var json = JsonDocument.Parse(content);
        var manifest = json.RootElement;
        long size = manifest.TryGetProperty("config", out var config) ? config.GetProperty("size").GetUInt32() : 0;
        return manifest.TryGetProperty("layers", out var layers)
            ? layers.EnumerateArray().Aggregate(size, (sum, layer) => checked(sum + (long)layer.GetProperty("size").GetUInt64()))
            : size;
    }
}
