using System.Text.Json;
using Ci.Pipeline.Builds;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Registry;

/// <summary>Reads from the registry what an image is.</summary>
public sealed class ImageInspector(RegistryClient registry, IOptions<RegistryOptions> options)
{
    /// <summary>What an image is; null when there is none, or it is none that we understand.</summary>
    /// <param name="name">The repository's name, without the registry.</param>
    /// <param name="reference">A tag or a digest.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="ImageUnavailableException">The registry does not answer.</exception>
    public async Task<ImageConfig?> FindAsync(string name, string reference, CancellationToken cancellation)
    {
        try
        {
            return await registry.FindAsync(options.Value.Prefix + name, reference, cancellation) is { } manifest ? await ReadAsync(name, manifest, cancellation) : null;
        }
        catch (ImageRefusedException)
        {
            return null;
        }
    }

    /// <summary>What the image of a manifest is; null when it is none that we understand.</summary>
    /// <exception cref="ImageUnavailableException">The registry does not answer.</exception>
    public async Task<ImageConfig?> ReadAsync(string name, Manifest manifest, CancellationToken cancellation)
    {
        var repository = options.Value.Prefix + name;
        try
        {
            var image = ImageIndex.FirstImage(manifest.Content) is { } digest ? await registry.FindAsync(repository, digest, cancellation) : manifest;
            return image is not null && await registry.BlobAsync(repository, ConfigurationIn(image.Content), cancellation) is { } configuration
                ? ImageConfig.Read(image.Content, configuration)
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException or ImageRefusedException)
        {
            return null;
        }
    }

    private static string ConfigurationIn(byte[] content)
    {
        using var json = JsonDocument.Parse(content);
        return json.RootElement.GetProperty("config").GetProperty("digest").GetString() ?? throw new JsonException("The configuration has no digest.");
    }
}
