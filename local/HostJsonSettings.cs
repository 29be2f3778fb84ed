using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;

namespace Ci.Local;

/// <summary>Has settings named <c>AzureFunctionsJobHost__PATH__TO__KEY</c> win over host.json, as the Functions host does (Azure
/// Functions, "host.json reference", override host.json values).</summary>
internal static class HostJsonSettings
{
    private static readonly JsonNodeOptions AnyCase = new() { PropertyNameCaseInsensitive = true };

    public static string Apply(string hostJson, IConfiguration configuration)
    {
        var settings = configuration.GetSection("AzureFunctionsJobHost");
        return settings.GetChildren().Any() && Parse(hostJson) is { } root ? Merge(root, settings)!.ToJsonString() : hostJson;
    }

    private static JsonObject? Parse(string hostJson)
    {
        try
        {
            return JsonNode.Parse(hostJson, AnyCase, HostJson.Lenient) as JsonObject;
        }
        catch (JsonException)
        {
            // Whoever reads it next says what is wrong with it.
            return null;
        }
    }

    private static JsonNode? Merge(JsonNode? file, IConfigurationSection setting)
    {
        if (setting.Value is { } value)
        {
            return long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
                : bool.TryParse(value, out var flag) ? flag
                : value;
        }

        var children = setting.GetChildren().ToList();
        if (children.All(child => child.Value is not null && Index(child) is not null))
        {
            // A list's entries are numbered. Each replaces the file's of that number; what the file has beyond them stays.
            var entries = new SortedDictionary<int, JsonNode?>();
            foreach (var (i, entry) in (file as JsonArray ?? []).Index())
            {
                entries[i] = entry?.DeepClone();
            }

            foreach (var child in children)
            {
                entries[Index(child)!.Value] = child.Value;
            }

            return new JsonArray([.. entries.Values]);
        }

        var merged = file as JsonObject ?? new JsonObject(AnyCase);
        foreach (var child in children)
        {
            var old = merged[child.Key];
            if (Merge(old, child) is var merge && merge != old)
            {
                merged[child.Key] = merge;
            }
        }

        return merged;
    }

    private static int? Index(IConfigurationSection setting) =>
        int.TryParse(setting.Key, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : null;
}
