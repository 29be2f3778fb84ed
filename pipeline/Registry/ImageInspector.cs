using System.Text.Json;
using Ci.Pipeline.Builds;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Registry;

public sealed class ImageInspector(RegistryClient registry, IOptions<RegistryOptions> options)
{
    /// <summary>Null also for what we do not understand. <paramref name="name"/> is without the registry.</summary>
    /// <exception cref="ImageUnavailableException">The registry does not answer.</exception>
    public async Task<ImageConfig?> FindAsync(string name, string reference, CancellationToken cancellationToken)
    {
        try
        {
            return await registry.FindAsync(options.Value.Prefix + name, reference, cancellationToken) is { } manifest
                ? await ReadAsync(name, manifest, cancellationToken)
                : null;
        }
        catch (ImageRefusedException)
        {
            return null;
        }
    }

    /// <summary>Null when it is no image that we understand.</summary>
    /// <exception cref="ImageUnavailableException">The registry does not answer.</exception>
    public async Task<ImageConfig?> ReadAsync(string name, Manifest manifest, CancellationToken cancellationToken)
    {
        var repository = options.Value.Prefix + name;
        try
        {
            var image = ImageIndex.FirstImage(manifest.Content) is { } digest
                ? await registry.FindAsync(repository, digest, cancellationToken)
                : manifest;
            return image is not null
                && await registry.BlobAsync(repository, ConfigurationIn(image.Content), cancellationToken) is { } configuration
                ? ImageConfig.Read(image.Content, configuration)
                : null;
        }
        catch (Exception e) when (e
            is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException
            or ImageRefusedException)
        {
            return null;
        }
    }

    private static string ConfigurationIn(byte[] content)
    {
        using var json = JsonDocument.Parse(content);
        return json.RootElement.GetProperty("config").GetProperty("digest").GetString()
            ?? throw new JsonException("The configuration has no digest.");
    }
}
