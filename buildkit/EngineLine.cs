using System.Text.Json;

namespace Ci.BuildKit;

/// <summary>One line of the JSON that the engine streams while it builds or pushes.</summary>
public sealed record EngineLine
{
    private const string TraceId = "moby.buildkit.trace";

    /// <summary>Output of the classic builder.</summary>
    public string? Stream { get; init; }

    /// <summary>What is going on with a layer (<c>Pushed</c>, <c>Downloading</c>, …), or a digest line.</summary>
    public string? Status { get; init; }

    /// <summary>The layer that <see cref="Status"/> is about.</summary>
    public string? Id { get; init; }

    /// <summary>The error that ends the stream; the engine's HTTP status was 200 all the same.</summary>
    public string? Error { get; init; }

    /// <summary>The built image's id (<c>aux.ID</c>).</summary>
    public string? ImageId { get; init; }

    /// <summary>The pushed manifest's digest (<c>aux.Digest</c>; only engines with graph drivers send it).</summary>
    public string? Digest { get; init; }

    /// <summary>A piece of BuildKit's trace: a <c>moby.buildkit.v1.StatusResponse</c>.</summary>
    internal byte[]? Trace { get; init; }

    /// <exception cref="EngineUnavailableException">The line was cut short or is not the engine's.</exception>
    public static EngineLine Parse(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            var line = json.RootElement;
            var (aux, id) = (Child(line, "aux"), Text(line, "id"));
            return new EngineLine
            {
                Stream = Text(line, "stream"),
                Status = Text(line, "status"),
                Id = id,
                Error = Text(Child(line, "errorDetail"), "message") ?? Text(line, "error"),
                ImageId = Text(aux, "ID"),
                Digest = Text(aux, "Digest"),
                Trace = id == TraceId ? aux.GetBytesFromBase64() : null,
            };
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            throw new EngineUnavailableException("The engine's answer was cut short or is not its own.", e);
        }
    }

    private static JsonElement Child(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var child) ? child : default;

    private static string? Text(JsonElement element, string name) =>
        Child(element, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
}
