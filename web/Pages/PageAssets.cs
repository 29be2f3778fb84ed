using System.Security.Cryptography;

namespace Ci.Web.Pages;

public sealed record PageAsset(string Name, string ContentType, ReadOnlyMemory<byte> Bytes, string Hash)
{
    public string ETag => $"\"{Hash}\"";

    /// <summary>Changes with the content, so that browsers may keep it for ever.</summary>
    public string Url => $"/api/assets/{Name}?v={Hash}";

    /// <summary>For ever under the address that has the hash, otherwise not without asking.</summary>
    public string CacheControl(string? version) => version == Hash ? "public, max-age=31536000, immutable" : "no-cache";
}

public static class PageAssets
{
    private static readonly Dictionary<string, PageAsset> All = new[]
    {
        Load("pages.css", "text/css; charset=utf-8"),
        Load("pages.js", "text/javascript; charset=utf-8"),
        Load("favicon.svg", "image/svg+xml"),
    }.ToDictionary(asset => asset.Name);

    public static PageAsset Style => All["pages.css"];

    public static PageAsset Script => All["pages.js"];

    public static PageAsset Icon => All["favicon.svg"];

    public static PageAsset? Find(string name) => All.GetValueOrDefault(name);

    private static PageAsset Load(string name, string type)
    {
        using var stream = typeof(PageAssets).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The assembly lacks {name}.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return new PageAsset(name, type, bytes, Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]);
    }
}
