using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Image;

/// <summary>Reads from the registry what an image is.</summary>
public sealed class ImageReader(RegistryClient registry, IOptions<RegistryOptions> options)
{
    /// <summary>What an image is; null when there is none, or it is none that we understand.</summary>
    /// <param name="name">The repository's name, without the registry.</param>
    /// <param name="reference">A tag or a digest.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="ImageUnavailableException">The registry does not answer.</exception>
    public async Task<ImageFacts?> FindAsync(string name, string reference, CancellationToken cancellation)
    {
        var repository = options.Value.Prefix + name;
        try
        {
            var manifest = await registry.FindAsync(repository, reference, cancellation);
            if (manifest is not null && PlatformIn(manifest.Content) is { } digest)
            {
                manifest = await registry.FindAsync(repository, digest, cancellation);
            }

            return manifest is not null && await registry.BlobAsync(repository, ConfigurationIn(manifest.Content), cancellation) is { } configuration
                ? ImageFacts.Read(manifest.Content, configuration)
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException or ImageRefusedException)
        {
            return null;
        }
    }

    /// <summary>The first image of an index that is for a platform; an index also lists what is said about its images.</summary>
    private static string? PlatformIn(byte[] content)
    {
        using var json = JsonDocument.Parse(content);
        return json.RootElement.TryGetProperty("manifests", out var manifests)
            ? manifests.EnumerateArray()
                .Where(m => !(m.TryGetProperty("platform", out var platform) && platform.TryGetProperty("os", out var os) && os.GetString() == "unknown"))
                .Select(m => m.GetProperty("digest").GetString()).FirstOrDefault()
            : null;
    }

    private static string ConfigurationIn(byte[] content)
    {
        using var json = JsonDocument.Parse(content);
        return json.RootElement.GetProperty("config").GetProperty("digest").GetString() ?? throw new JsonException("The configuration has no digest.");
    }
}
