using System.Text.Json;

namespace Ci.BuildKit;

/// <summary>The engine's answers that are errors: <c>{"message": "…"}</c>.</summary>
public static class EngineAnswer
{
    /// <summary>No error of the engine is longer, in characters; what is, is not the engine's.</summary>
    private const int MaxLength = 4096;

    /// <summary>What the engine says; of an answer of another shape the beginning.</summary>
    public static string Message(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.GetProperty("message").GetString() ?? "";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return (body.Length > MaxLength ? body[..MaxLength] : body).Trim();
        }
    }
}
