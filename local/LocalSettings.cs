using System.Text.Json;

namespace Ci.Local;

/// <summary>Reads <c>Values</c> of a local.settings.json as the Functions tools do: they are settings unless the environment has
/// them.</summary>
internal static class LocalSettings
{
    /// <summary>The values, with <c>__</c> in a name as the section separator.</summary>
    /// <exception cref="HostException">The file is no JSON, or a value is not a text.</exception>
    public static IEnumerable<KeyValuePair<string, string?>> Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, HostJson.Lenient);
            if (document.RootElement.TryGetProperty("IsEncrypted", out var encrypted) && encrypted.ValueKind == JsonValueKind.True)
            {
                throw new HostException(
                    "local.settings.json: IsEncrypted is true; this host reads plain values only: "
                    + "run func settings decrypt, or set it to false and write them anew.");
            }

            if (!document.RootElement.TryGetProperty("Values", out var values))
            {
                return [];
            }

            return [.. values.EnumerateObject().Select(value => KeyValuePair.Create(
                value.Name.Replace("__", ":", StringComparison.Ordinal),
                value.Value.ValueKind switch
                {
                    JsonValueKind.String => value.Value.GetString(),
                    JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.Value.GetRawText(),
                    _ => throw new HostException(
                        $"local.settings.json: Values.{value.Name} is {value.Value.GetRawText()}; it must be a text in quotes."),
                }))];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new HostException($"local.settings.json cannot be read: {e.Message}");
        }
    }
}
