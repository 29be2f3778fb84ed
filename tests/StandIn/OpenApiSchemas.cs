using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;

namespace Ci.Tests.StandIn;

/// <summary>Checks JSON against the schemas of an OpenAPI 3.0 document. They are JSON Schema but for <c>nullable</c>,
/// <c>discriminator</c> and where they are kept; so they are checked by JsonSchema.Net, once written anew in JSON Schema's words.
/// A keyword, a type or a format that nobody knows is an exception, so that nothing passes unread.</summary>
internal sealed class OpenApiSchemas
{
    private const string Kept = "#/components/schemas/";

    private static readonly string[] Dropped = ["nullable", "discriminator"];

    // The last two say how a number is kept; JsonSchema.Net lets pass whatever it does not know.
    private static readonly string[] Formats = ["date-time", "uri", "int64", "timestamp"];

    // Only a name: everything that is referred to is in the document.
    private static readonly Uri Id = new("https://openapi.invalid/");

    private static readonly EvaluationOptions Evaluation = new()
    {
        OutputFormat = OutputFormat.Hierarchical,
        RequireFormatValidation = true,
    };

    private readonly JsonObject _document;
    private readonly BuildOptions _build = new()
    {
        Dialect = Dialect.Draft202012.With([], allowUnknownKeywords: false),
        SchemaRegistry = new(),
    };

    private readonly Dictionary<JsonObject, JsonSchema> _built = [];

    static OpenApiSchemas() => Evaluation.FormatRegistry.Register(new AbsoluteUri());

    public OpenApiSchemas(JsonObject document)
    {
        _document = document;
        var schemas = document["components"]?["schemas"] as JsonObject ?? [];
        var rewritten = new JsonObject(schemas.Select(schema => KeyValuePair.Create(schema.Key, Rewrite(schema.Value))));
        Build(new JsonObject { ["$id"] = Id.ToString(), ["$defs"] = rewritten });
    }

    /// <summary>What is wrong with a value, each with its place; nothing if it fits.</summary>
    public IReadOnlyList<string> Errors(JsonObject schema, JsonNode? value)
    {
        JsonSchema built;
        lock (_built)
        {
            if (!_built.TryGetValue(schema, out built!))
            {
                _built[schema] = built = Build(Rewrite(schema)!);
            }
        }

        return [.. Errors(built.Evaluate(JsonSerializer.SerializeToElement(value), Evaluation))];
    }

    /// <summary>The part of the document that <c>$ref</c> names, or the part itself.</summary>
    public JsonObject Follow(JsonObject part)
    {
        while (part["$ref"]?.GetValue<string>() is { } reference)
        {
            part = reference.TrimStart('#', '/').Split('/').Aggregate((JsonNode)_document, (node, name) =>
                node[name] ?? throw new InvalidOperationException($"{reference} leads nowhere.")).AsObject();
        }

        return part;
    }

    private JsonSchema Build(JsonNode schema) => JsonSchema.Build(JsonSerializer.SerializeToElement(schema), _build);

    private static IEnumerable<string> Errors(EvaluationResults results) => results.IsValid
        ? []
        : (results.Errors ?? []).Select(error => $"${results.InstanceLocation}: {error.Value}")
            .Concat((results.Details ?? []).SelectMany(Errors));

    private static JsonNode? Rewrite(JsonNode? node)
    {
        if (node is not JsonObject schema)
        {
            return node?.DeepClone();
        }

        var rewritten = new JsonObject(schema.Where(keyword => !Dropped.Contains(keyword.Key))
            .Select(keyword => KeyValuePair.Create(keyword.Key, Rewrite(keyword.Key, keyword.Value))));
        return schema["nullable"]?.GetValue<bool>() == true ? OrNull(rewritten) : rewritten;
    }

    private static JsonNode? Rewrite(string keyword, JsonNode? value) => keyword switch
    {
        "$ref" => value!.GetValue<string>().Replace(Kept, $"{Id}#/$defs/", StringComparison.Ordinal),
        "properties" => new JsonObject(value!.AsObject().Select(property => KeyValuePair.Create(property.Key, Rewrite(property.Value)))),
        "allOf" or "anyOf" or "oneOf" => new JsonArray([.. value!.AsArray().Select(Rewrite)]),
        "items" or "additionalProperties" => Rewrite(value),
        "format" when !Formats.Contains(value!.GetValue<string>()) =>
            throw new NotSupportedException($"The format {value} is not known here."),
        _ => value?.DeepClone(),
    };

    private static JsonObject OrNull(JsonObject schema)
    {
        if (schema["type"] is not JsonValue type)
        {
            return new JsonObject { ["anyOf"] = new JsonArray(schema, new JsonObject { ["type"] = "null" }) };
        }

        schema["type"] = new JsonArray(type.DeepClone(), "null");
        (schema["enum"] as JsonArray)?.Add(null);
        return schema;
    }

    /// <summary>An address with its scheme. What still has a template's braces in it is none.</summary>
    private sealed class AbsoluteUri() : Format("uri")
    {
        public override bool Validate(JsonElement value, out string? errorMessage)
        {
            errorMessage = null;
            return value.ValueKind != JsonValueKind.String || (value.GetString() is var text && Uri.TryCreate(text, UriKind.Absolute, out _)
                && text.Contains(':', StringComparison.Ordinal) && !text.Contains('{', StringComparison.Ordinal));
        }
    }
}
