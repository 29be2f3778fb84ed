using System.Text.Json;

namespace Ci.Pipeline.Registry;

/// <summary><c>Size</c> is what pulling downloads, in bytes. <c>CreatedBy</c> is empty where the builder noted nothing.</summary>
public sealed record ImageLayer(string Digest, long Size, string CreatedBy);

/// <summary>OCI image specification, "Image Manifest" and "Image Configuration"; Docker's own formats have the same members.</summary>
public sealed record ImageConfig
{
    /// <summary>What pulling the image downloads, in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>The base's first.</summary>
    public required IReadOnlyList<ImageLayer> Layers { get; init; }

    /// <summary>Each <c>NAME=value</c>.</summary>
    public IReadOnlyList<string> Env { get; init; } = [];

    /// <summary>Each <c>80/tcp</c>.</summary>
    public IReadOnlyList<string> Ports { get; init; } = [];

    /// <summary>Empty for root.</summary>
    public string User { get; init; } = "";

    /// <summary>In the exec form; empty for none.</summary>
    public string Entrypoint { get; init; } = "";

    /// <summary>In the exec form; empty for none.</summary>
    public string Command { get; init; } = "";

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <exception cref="JsonException">One of them is no JSON.</exception>
    /// <exception cref="InvalidOperationException">A member is of another type than the specification says.</exception>
    /// <exception cref="KeyNotFoundException">A member is missing.</exception>
    public static ImageConfig Read(byte[] manifest, byte[] configuration)
    {
        using var manifestJson = JsonDocument.Parse(manifest);
        using var configurationJson = JsonDocument.Parse(configuration);
        var made = Made(configurationJson.RootElement);
        var layers = manifestJson.RootElement.GetProperty("layers").EnumerateArray()
            .Select((layer, i) => new ImageLayer(
                layer.GetProperty("digest").GetString()!, layer.GetProperty("size").GetInt64(), made.ElementAtOrDefault(i) ?? ""))
            .ToList();
        var config = Member(configurationJson.RootElement, "config", JsonValueKind.Object);
        return new ImageConfig
        {
            Size = layers.Sum(layer => layer.Size) + manifestJson.RootElement.GetProperty("config").GetProperty("size").GetInt64(),
            Layers = layers,
            Env = [.. Items(config, "Env").Select(item => item.GetString() ?? "")],
            Ports = Member(config, "ExposedPorts", JsonValueKind.Object) is { ValueKind: JsonValueKind.Object } ports
                ? [.. ports.EnumerateObject().Select(port => port.Name).Order(StringComparer.Ordinal)]
                : [],
            User = config.ValueKind == JsonValueKind.Object && config.TryGetProperty(nameof(User), out var user)
                ? user.GetString() ?? ""
                : "",
            Entrypoint = ExecForm(config, "Entrypoint"),
            Command = ExecForm(config, "Cmd"),
            Labels = Member(config, nameof(Labels), JsonValueKind.Object) is { ValueKind: JsonValueKind.Object } labels
                ? labels.EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString() ?? "", StringComparer.Ordinal)
                : [],
        };
    }

    /// <summary>The history's entries, without those that made no layer.</summary>
    private static List<string> Made(JsonElement configuration) =>
        [.. Items(configuration, "history")
            .Where(entry => !(entry.TryGetProperty("empty_layer", out var empty) && empty.ValueKind == JsonValueKind.True))
            .Select(entry => entry.TryGetProperty("created_by", out var by) ? by.GetString() ?? "" : "")];

    private static string ExecForm(JsonElement config, string name)
    {
        var items = Items(config, name).Select(item => '"' + item.GetString() + '"').ToList();
        return items.Count == 0 ? "" : $"[{string.Join(", ", items)}]";
    }

    private static JsonElement.ArrayEnumerator Items(JsonElement element, string name) =>
        Member(element, name, JsonValueKind.Array) is { ValueKind: JsonValueKind.Array } items ? items.EnumerateArray() : default;

        /// <summary>The empty element where there is no member of that kind.</summary>
        internal static JsonElement Member(JsonElement element, string name, JsonValueKind kind) =>
            element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) && member.ValueKind == kind
            ? member
            : default;
}
