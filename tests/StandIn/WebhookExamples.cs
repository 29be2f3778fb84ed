using System.Text.Json;
using System.Text.Json.Nodes;
using Ci.Tests.Fixtures;

namespace Ci.Tests.StandIn;

/// <summary>Deliveries as GitHub publishes them: the package @octokit/webhooks-examples, which setup installs.</summary>
internal static class WebhookExamples
{
    private static readonly Lazy<JsonArray?> All = new(() =>
    {
        var file = Path.Combine(
            TestEnvironment.Root, "scripts", "node_modules", "@octokit", "webhooks-examples", "api.github.com", "index.json");
        return File.Exists(file) ? JsonNode.Parse(File.ReadAllBytes(file))!.AsArray() : null;
    });

    /// <summary>The examples of an event.</summary>
    public static IReadOnlyList<JsonObject> Of(string @event)
    {
        if (All.Value is not { } all)
        {
            TestEnvironment.SkipOrFail("@octokit/webhooks-examples is missing: run npm ci in scripts/.");
            return [];
        }

        return [.. all.Single(e => e!["name"]!.GetValue<string>() == @event)!["examples"]!.AsArray().Select(e => e!.AsObject())];
    }

    /// <summary>Which types of values are at which places in some JSON: <c>$.labels[].name</c> → string.</summary>
    public static ILookup<string, JsonValueKind> Places(params IEnumerable<JsonNode> values) =>
        values.SelectMany(value => Walk(value, "$")).Distinct().ToLookup(p => p.Place, p => p.Kind);

    private static IEnumerable<(string Place, JsonValueKind Kind)> Walk(JsonNode? node, string place)
    {
        var kind = node?.GetValueKind() ?? JsonValueKind.Null;
        var below = node switch
        {
            JsonObject members => members.SelectMany(m => Walk(m.Value, $"{place}.{m.Key}")),
            JsonArray items => items.SelectMany(item => Walk(item, $"{place}[]")),
            _ => [],
        };
        return below.Prepend((place, kind == JsonValueKind.False ? JsonValueKind.True : kind));
    }
}
