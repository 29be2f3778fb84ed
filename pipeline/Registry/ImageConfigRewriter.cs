using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ci.Pipeline.Builds;

namespace Ci.Pipeline.Registry;

public sealed record ImageStamp
{
    /// <summary>Null to leave the build's.</summary>
    public DateTimeOffset? Date { get; init; }

    /// <summary>A label of the Dockerfile with the same name gives way, as to <c>docker build --label</c>.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    public bool IsEmpty => Date is null && Labels.Count == 0;
}

/// <summary>The classic builder makes a step of each label; so they are set in the registry, after the push. With the commit's
/// time the same commit gives the same digest again (BuildKit sets that itself from Engine 24 on, as <c>SOURCE_DATE_EPOCH</c>).</summary>
public sealed class ImageConfigRewriter(RegistryClient registry)
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Null for an index, which is left as it is. <paramref name="imageId"/> mostly is the configuration's digest.</summary>
    public async Task<Manifest?> SetAsync(
        string name, string tag, string imageId, Task<Manifest> pushed, ImageStamp stamp, CancellationToken cancellationToken)
    {
        // All that can be asked for without the manifest, beside it: one way to the registry and back is as long as the other.
        var uploading = registry.BeginUploadAsync(name, cancellationToken);
        var guessing = GuessAsync(name, imageId, cancellationToken);
        await Task.WhenAll(pushed, uploading, guessing);
        var manifest = await pushed;
        var upload = await uploading;
        var json = JsonNode.Parse(manifest.Content);
        if (json?["config"] is not { } described
            || await ConfigurationAsync(name, (string?)described["digest"], imageId, await guessing, cancellationToken)
                is not { } configuration)
        {
            await registry.AbandonUploadAsync(upload, cancellationToken);
            return null;
        }

        var stamped = Stamped(configuration, stamp);
        await registry.EndUploadAsync(name, upload, stamped, cancellationToken);
        described["digest"] = Manifest.DigestOf(stamped);
        described["size"] = stamped.Length;
        var content = JsonSerializer.SerializeToUtf8Bytes(json, Plain);
        await registry.TagAsync(name, tag, manifest with { Content = content }, cancellationToken);
        var size = manifest.Size - configuration.Length + stamped.Length;
        return manifest with { Content = content, Digest = Manifest.DigestOf(content), Size = size };
    }

    private async Task<byte[]?> ConfigurationAsync(
        string name, string? digest, string imageId, byte[]? guessed, CancellationToken cancellationToken) =>
        digest is null ? null
        : digest == imageId && guessed is not null ? guessed
        : await registry.BlobAsync(name, digest, cancellationToken);

    private async Task<byte[]?> GuessAsync(string name, string imageId, CancellationToken cancellationToken)
    {
        try
        {
            return await registry.BlobAsync(name, imageId, cancellationToken);
        }
        catch (ImageRefusedException)
        {
            // The engine's id is of another kind; the manifest tells.
            return null;
        }
    }

    /// <summary>Leaves out what the classic builder notes of its containers, which are others each time.</summary>
    internal static byte[] Stamped(byte[] configuration, ImageStamp stamp)
    {
        var json = JsonNode.Parse(configuration)!.AsObject();
        if (stamp.Labels.Count > 0)
        {
            Label(json, stamp.Labels);
        }

        if (stamp.Date is { } date)
        {
            Date(json, date);
            json.Remove("container");
            json.Remove("container_config");
            if (json["config"]?["Image"] is { } parent)
            {
                parent.ReplaceWith("");
            }
        }

        return JsonSerializer.SerializeToUtf8Bytes(json, Plain);
    }

    private static void Label(JsonObject json, IReadOnlyDictionary<string, string> labels)
    {
        if (json["config"] is not JsonObject config)
        {
            json["config"] = config = [];
        }

        var all = new SortedDictionary<string, string?>(StringComparer.Ordinal);
        foreach (var (name, value) in config["Labels"]?.AsObject() ?? [])
        {
            all[name] = (string?)value;
        }

        foreach (var (name, value) in labels)
        {
            all[name] = value;
        }

        config["Labels"] = new JsonObject(all.Select(label => KeyValuePair.Create(label.Key, (JsonNode?)label.Value)));
    }

    private static void Date(JsonObject json, DateTimeOffset date)
    {
        var text = date.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        json["created"] = text;
        foreach (var step in json["history"]?.AsArray().OfType<JsonObject>() ?? [])
        {
            // What the base has had in it before stays.
            if (!DateTimeOffset.TryParse(
                (string?)step["created"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var made) || made > date)
            {
                step["created"] = text;
            }
        }
    }
}
