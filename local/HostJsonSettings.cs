using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;

namespace Ci.Local;

/// <summary>
/// Lays settings named <c>AzureFunctionsJobHost__PATH__TO__KEY</c> over host.json, as the Functions host does
/// (Azure Functions, "host.json reference", override host.json values).
/// </summary>
internal static class HostJsonSettings
{
    private const string Section = "AzureFunctionsJobHost";

    /// <summary>host.json's text with the settings laid over it.</summary>
    public static string Apply(string hostJson, IConfiguration configuration)
    {
        var settings = configuration.GetSection(Section);
        if (!settings.GetChildren().Any() || Parse(hostJson) is not { } root)
        {
            return hostJson;
        }

        foreach (var child in settings.GetChildren())
        {
            Lay(root, child);
        }

        return root.ToJsonString();
    }

    private static JsonObject? Parse(string hostJson)
    {
        try
        {
            return JsonNode.Parse(
                hostJson,
                new JsonNodeOptions { PropertyNameCaseInsensitive = true },
                new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true }) as JsonObject;
        }
        catch (JsonException)
        {
            // Whoever reads it next says what is wrong with it.
            return null;
        }
    }

    private static void Lay(JsonObject parent, IConfigurationSection setting)
    {
        if (setting.Value is { } value)
        {
            parent[setting.Key] = long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
                : bool.TryParse(value, out var flag) ? flag
                : value;
            return;
        }

        if (Entries(setting) is { } entries)
        {
            LayList(parent, setting.Key, entries);
            return;
        }

        if (parent[setting.Key] is not JsonObject child)
        {
            parent[setting.Key] = child = new JsonObject(new JsonNodeOptions { PropertyNameCaseInsensitive = true });
        }

        foreach (var below in setting.GetChildren())
        {
            Lay(child, below);
        }
    }

    /// <summary>The entries of a list, which settings number: <c>PATH__0</c>, <c>PATH__1</c>; null where it is no list.</summary>
    private static SortedDictionary<int, string>? Entries(IConfigurationSection setting)
    {
        var entries = new SortedDictionary<int, string>();
        foreach (var child in setting.GetChildren())
        {
            if (child.Value is not { } value || !int.TryParse(child.Key, NumberStyles.None, CultureInfo.InvariantCulture, out var index))
            {
                return null;
            }

            entries[index] = value;
        }

        return entries.Count > 0 ? entries : null;
    }

    /// <summary>Each entry replaces the file's of that number; what the file has beyond them stays, as .NET's configuration has it.</summary>
    private static void LayList(JsonObject parent, string key, SortedDictionary<int, string> entries)
    {
        var file = parent[key] as JsonArray ?? [];
        var own = entries.Keys.Max() + 1;
        parent[key] = new JsonArray(
            [.. Enumerable.Range(0, Math.Max(own, file.Count)).Select(i => entries.TryGetValue(i, out var value) ? (JsonNode?)value : i < file.Count ? file[i]?.DeepClone() : null).Where(node => node is not null)]);
    }
}
