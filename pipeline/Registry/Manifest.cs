using System.Security.Cryptography;
using System.Text.Json;

namespace Ci.Pipeline.Registry;

/// <summary>A manifest as the registry keeps it.</summary>
/// <param name="Digest">Its digest, <c>sha256:…</c>.</param>
/// <param name="MediaType">Its media type.</param>
/// <param name="Size">What pulling it downloads: its configuration and layers, compressed, in bytes.</param>
/// <param name="Content">Its bytes, which the digest is of.</param>
public sealed record Manifest(string Digest, string MediaType, long Size, byte[] Content)
{
    /// <summary>The digest of a manifest or blob, <c>sha256:…</c>.</summary>
    public static string DigestOf(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>What pulling the image of a manifest downloads, in bytes; 0 of an index.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="InvalidOperationException">A member is of another type than the specification says.</exception>
    /// <exception cref="KeyNotFoundException">A member is missing.</exception>
    /// <exception cref="FormatException">A size is no size.</exception>
    /// <exception cref="OverflowException">Nor is it one with the others together.</exception>
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
