using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ci.Tests.StandIn;

/// <summary>
/// Checks JSON against the schemas of an OpenAPI 3.0 document (its "Schema Object": JSON Schema with <c>nullable</c>), as far
/// as GitHub's description uses them. A keyword that it does not know is an exception, so that nothing passes unread.
/// </summary>
internal sealed class JsonSchema(JsonObject document)
{
    // What says nothing about whether a value fits.
    private static readonly string[] Silent = ["default", "deprecated", "discriminator", "nullable"];

    /// <summary>What is wrong with a value, each with its place; nothing if it fits.</summary>
    public IReadOnlyList<string> Errors(JsonObject schema, JsonNode? value) => [.. Check(Follow(schema), value, "$")];

    /// <summary>The part of the document that <c>$ref</c> names, or the part itself.</summary>
    public JsonObject Follow(JsonObject part)
    {
        while (part["$ref"]?.GetValue<string>() is { } reference)
        {
            part = reference.TrimStart('#', '/').Split('/').Aggregate((JsonNode)document, (node, name) =>
                node[name] ?? throw new InvalidOperationException($"{reference} leads nowhere.")).AsObject();
        }

        return part;
    }

    private IEnumerable<string> Check(JsonObject schema, JsonNode? value, string place)
    {
        if (value is null && schema["nullable"]?.GetValue<bool>() == true)
        {
            return [];
        }

        return schema.SelectMany(keyword => keyword.Key switch
        {
            "type" => CheckType(keyword.Value!.GetValue<string>(), value, place),
            "enum" => When(!keyword.Value!.AsArray().Any(allowed => JsonNode.DeepEquals(allowed, value)), $"{place} is {Show(value)}, none of {Show(keyword.Value)}"),
            "format" => CheckFormat(keyword.Value!.GetValue<string>(), value, place),
            "required" => keyword.Value!.AsArray().Select(name => name!.GetValue<string>())
                .Where(name => value is JsonObject members && !members.ContainsKey(name)).Select(name => $"{place}.{name} is missing"),
            "additionalProperties" when schema.ContainsKey("properties") => [],
            "properties" or "additionalProperties" => CheckMembers(schema, value as JsonObject ?? [], place),
            "items" => (value as JsonArray ?? []).SelectMany((item, i) => Check(Part(keyword.Value), item, $"{place}[{i}]")),
            "minItems" => When(value is JsonArray few && few.Count < Number(keyword.Value), $"{place} has too few items"),
            "maxItems" => When(value is JsonArray many && many.Count > Number(keyword.Value), $"{place} has too many items"),
            "minLength" => When(Text(value)?.Length < Number(keyword.Value), $"{place} is too short"),
            "maxLength" => When(Text(value)?.Length > Number(keyword.Value), $"{place} is too long"),
            "allOf" => keyword.Value!.AsArray().SelectMany(part => Check(Part(part), value, place)),
            "anyOf" => When(Fitting(keyword.Value, value, place) == 0, $"{place} fits none of anyOf"),
            "oneOf" => When(Fitting(keyword.Value, value, place) != 1, $"{place} fits {Fitting(keyword.Value, value, place)} of oneOf"),
            _ when Silent.Contains(keyword.Key) => [],
            _ => throw new NotSupportedException($"The keyword {keyword.Key} at {place} is not known here."),
        });
    }

    private static IEnumerable<string> CheckType(string type, JsonNode? value, string place)
    {
        var kind = value?.GetValueKind() ?? JsonValueKind.Null;
        var fits = type switch
        {
            "object" => kind == JsonValueKind.Object,
            "array" => kind == JsonValueKind.Array,
            "string" => kind == JsonValueKind.String,
            "boolean" => kind is JsonValueKind.True or JsonValueKind.False,
            "number" => kind == JsonValueKind.Number,
            "integer" => kind == JsonValueKind.Number && decimal.IsInteger(decimal.Parse(value!.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture)),
            _ => throw new NotSupportedException($"The type {type} at {place} is not known here."),
        };
        return When(!fits, $"{place} is {Show(value)}, not of type {type}");
    }

    private static IEnumerable<string> CheckFormat(string format, JsonNode? value, string place)
    {
        var fits = Text(value) is not { } text || format switch
        {
            // RFC 3339, as JSON Schema has it; GitHub's times are UTC in whole seconds, or with an offset in git's own.
            "date-time" => DateTimeOffset.TryParseExact(text, ["yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK"], CultureInfo.InvariantCulture, DateTimeStyles.None, out _) && (text[^1] == 'Z' || text[^6] is '+' or '-'),
            "uri" => Uri.TryCreate(text, UriKind.Absolute, out _) && text.Contains(':', StringComparison.Ordinal) && !text.Contains('{', StringComparison.Ordinal),
            "int64" or "timestamp" => true,
            _ => throw new NotSupportedException($"The format {format} at {place} is not known here."),
        };
        return When(!fits, $"{place} is {Show(value)}, no {format}");
    }

    private IEnumerable<string> CheckMembers(JsonObject schema, JsonObject members, string place)
    {
        var described = schema["properties"] as JsonObject ?? [];
        foreach (var (name, value) in members)
        {
            var errors = (described[name], schema["additionalProperties"]) switch
            {
                (JsonObject property, _) => Check(Part(property), value, $"{place}.{name}"),
                (_, JsonObject others) => Check(Part(others), value, $"{place}.{name}"),
                (_, JsonValue allowed) => When(!allowed.GetValue<bool>(), $"{place}.{name} is not described"),
                _ => [],
            };
            foreach (var error in errors)
            {
                yield return error;
            }
        }
    }

    private int Fitting(JsonNode? schemas, JsonNode? value, string place) => schemas!.AsArray().Count(part => !Check(Part(part), value, place).Any());

    private JsonObject Part(JsonNode? node) => Follow(node!.AsObject());

    private static int Number(JsonNode? node) => node!.GetValue<int>();

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static string Show(JsonNode? node) => node?.ToJsonString() is not { } json ? "null" : json.Length > 80 ? json[..80] + "…" : json;

    private static IEnumerable<string> When(bool wrong, string error) => wrong ? [error] : [];
}
