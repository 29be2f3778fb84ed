using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ci.Pipeline.Image;

/// <summary>
/// Gives an image in the registry the time of its commit, so that the same commit, built again, gives the same digest where
/// its Dockerfile allows it. It is what BuildKit does with <c>SOURCE_DATE_EPOCH</c> from Engine 24 on, for those before it.
/// </summary>
public sealed class ImageDate(RegistryClient registry)
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Sets it on the image behind a tag and returns its manifest; an index of several is left as it is.</summary>
    public async Task<Manifest> SetAsync(string name, string tag, Manifest manifest, DateTimeOffset date, CancellationToken cancellation)
    {
        var json = JsonNode.Parse(manifest.Content);
        if (json?["config"] is not { } described
            || (string?)described["digest"] is not { } digest
            || await registry.BlobAsync(name, digest, cancellation) is not { } configuration)
        {
            return manifest;
        }

        var dated = Dated(configuration, date);
        await registry.PushBlobAsync(name, dated, cancellation);
        described["digest"] = RegistryClient.DigestOf(dated);
        described["size"] = dated.Length;
        var content = JsonSerializer.SerializeToUtf8Bytes(json, Plain);
        await registry.TagAsync(name, tag, manifest with { Content = content }, cancellation);
        return manifest with { Content = content, Digest = RegistryClient.DigestOf(content), Size = manifest.Size - configuration.Length + dated.Length };
    }

    /// <summary>An image's configuration (OCI image specification) with no time in it that is later than <paramref name="date"/>.</summary>
    internal static byte[] Dated(byte[] configuration, DateTimeOffset date)
    {
        var json = JsonNode.Parse(configuration)!;
        var text = date.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        json["created"] = text;
        foreach (var step in json["history"]?.AsArray().OfType<JsonObject>() ?? [])
        {
            // What the base has had in it before stays.
            if (!DateTimeOffset.TryParse((string?)step["created"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var made) || made > date)
            {
                step["created"] = text;
            }
        }

        return JsonSerializer.SerializeToUtf8Bytes(json, Plain);
    }
}
