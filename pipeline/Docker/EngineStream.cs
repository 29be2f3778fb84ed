using System.Runtime.CompilerServices;
using System.Text.Json;
using Ci.Pipeline.Builds;

namespace Ci.Pipeline.Docker;

/// <summary>One line of the JSON that the engine streams while it builds or pushes.</summary>
public sealed record EngineLine
{
    /// <summary>Output of the builder.</summary>
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
}

/// <summary>Reads the engine's JSON stream line by line, in order, to its end.</summary>
public static class EngineStream
{
    /// <summary>
    /// The lines. A stream that the engine broke off in the middle of a line, or that holds something else than JSON,
    /// throws <see cref="ImageUnavailableException"/>.
    /// </summary>
    public static async IAsyncEnumerable<EngineLine> ReadAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(stream);
        while (await ReadLineAsync(reader, cancellationToken) is { } text)
        {
            if (text.Length > 0)
            {
                yield return Parse(text);
            }
        }
    }

    /// <summary>One line.</summary>
    public static EngineLine Parse(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            var line = json.RootElement;
            var aux = Child(line, "aux");
            return new EngineLine
            {
                Stream = Text(line, "stream"),
                Status = Text(line, "status"),
                Id = Text(line, "id"),
                Error = Text(Child(line, "errorDetail"), "message") ?? Text(line, "error"),
                ImageId = Text(aux, "ID"),
                Digest = Text(aux, "Digest"),
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ImageUnavailableException("The engine's answer was cut short or is not its own.", e);
        }
    }

    private static async Task<string?> ReadLineAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadLineAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or HttpRequestException && !cancellationToken.IsCancellationRequested)
        {
            throw new ImageUnavailableException("The engine broke off its answer.", e);
        }
    }

    private static JsonElement Child(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var child) ? child : default;

    private static string? Text(JsonElement element, string name) =>
        Child(element, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
}
