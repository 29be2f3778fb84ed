using System.Text.Json;
using System.Text.RegularExpressions;

namespace Ci.Pipeline.Registry;

/// <summary>OCI image specification, "Image Index". Engines that keep their images in containerd push one for every image.</summary>
internal static partial class ImageIndex
{
    /// <summary>Null of a manifest that is no index, or has no image for a platform.</summary>
    public static string? FirstImage(byte[] manifest)
    {
        using var json = JsonDocument.Parse(manifest);
        return ImageConfig.Member(json.RootElement, "manifests", JsonValueKind.Array) is { ValueKind: JsonValueKind.Array } manifests
            ? manifests.EnumerateArray().Where(IsImage).Select(image => TextOf(image, "digest"))
                .FirstOrDefault(digest => Digest().IsMatch(digest))
            : null;
    }

    // What is said about an image is listed beside it, for no platform.
    private static bool IsImage(JsonElement listed) =>
        listed.ValueKind == JsonValueKind.Object
        && !(listed.TryGetProperty("platform", out var platform) && TextOf(platform, "os") == "unknown");

    private static string TextOf(JsonElement element, string name) =>
        ImageConfig.Member(element, name, JsonValueKind.String) is { ValueKind: JsonValueKind.String } text ? text.GetString()! : "";

    [GeneratedRegex(@"\Asha(256:[0-9a-f]{64}|512:[0-9a-f]{128})\z")]
    private static partial Regex Digest();
}
