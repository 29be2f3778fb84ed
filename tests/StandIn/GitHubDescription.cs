using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ci.StandIn;
using Ci.Tests.Fixtures;

namespace Ci.Tests.StandIn;

/// <summary>GitHub's own description of its REST API, cut to the operations that the CI calls (scripts/extract-openapi.mjs), and
/// what it has against an exchange with the stand-in.</summary>
internal sealed class GitHubDescription
{
    // What any operation may be answered, whatever its own list says (REST, "Troubleshooting the REST API"; rate limits are 403 or 429).
    private static readonly int[] General = [400, 401, 403, 404, 422, 429];

    // Every request must have the first; the others GitHub asks for (REST, "Getting started with the REST API").
    private static readonly string[] Headers = ["User-Agent", "Accept", "X-GitHub-Api-Version"];

    private static readonly Lazy<GitHubDescription> Loaded = new(() =>
        new(JsonNode.Parse(File.ReadAllBytes(Path.Combine(TestEnvironment.Root, "tests", "StandIn", "github-openapi.json")))!.AsObject()));

    private readonly JsonObject _document;
    private readonly OpenApiSchemas _schemas;
    private readonly List<(Regex Pattern, string Path, JsonObject Methods)> _paths;

    private GitHubDescription(JsonObject document)
    {
        _document = document;
        _schemas = new OpenApiSchemas(document);
        _paths = [.. document["paths"]!.AsObject().Select(p => (Pattern(p.Key), p.Key, p.Value!.AsObject()))];
    }

    public static GitHubDescription Instance => Loaded.Value;

    /// <summary>The described operation, like <c>GET /repos/{owner}/{repo}</c>; null if GitHub describes none, or we have not
    /// taken it over.</summary>
    public string? Operation(Exchange exchange) => Find(exchange) is { } found ? $"{exchange.Method} {found.Path}" : null;

    /// <summary>What is wrong with the request.</summary>
    public IReadOnlyList<string> RequestErrors(Exchange exchange)
    {
        if (Find(exchange) is not { } found)
        {
            return [$"{exchange.Method} {exchange.Path} is not described"];
        }

        return [
            .. Headers.Where(h => string.IsNullOrEmpty(exchange.RequestHeaders.GetValueOrDefault(h))).Select(
                h => $"the header {h} is missing"),
            .. ParameterErrors(found.Operation, "path", found.Values),
            .. ParameterErrors(found.Operation, "query", exchange.Query),
            .. RequestBodyErrors(found.Operation, exchange),
        ];
    }

    /// <summary>What is wrong with the answer.</summary>
    public IReadOnlyList<string> ResponseErrors(Exchange exchange)
    {
        var documented = Find(exchange)?.Operation["responses"]![Text(exchange.Status)] as JsonObject;
        if (documented is null && !(General.Contains(exchange.Status) || exchange.Status >= 500))
        {
            return [$"the status {exchange.Status} is not described"];
        }

        if (exchange.Status == 200 && IsRaw(exchange.RequestHeaders.GetValueOrDefault("Accept"))
            && IsRaw(exchange.ResponseHeaders.GetValueOrDefault("Content-Type")))
        {
            return [];
        }

        var response = documented is null ? GeneralResponse(exchange.Status) : _schemas.Follow(documented);
        return [
            .. (response["headers"] as JsonObject ?? []).Where(h => h.Key == "Location" && !exchange.ResponseHeaders.ContainsKey(h.Key))
                .Select(h => $"the header {h.Key} is missing"),
            .. ContentErrors(response["content"] as JsonObject, exchange.ResponseHeaders, exchange.ResponseBody),
        ];
    }

    /// <summary>Whether null may stand at a place in what a schema describes.</summary>
    public bool MayBeNull(string schema, IEnumerable<string> path)
    {
        var part = path.Aggregate(_document["components"]!["schemas"]![schema], (above, name) =>
            above is JsonObject described ? _schemas.Follow(described)["properties"]?[name] : null);
        return part is JsonObject found && _schemas.Follow(found)["nullable"]?.GetValue<bool>() == true;
    }

    /// <summary>What is asked for raw is answered as it is (REST, "Getting started": media types); the description has the JSON
    /// alone.</summary>
    private static bool IsRaw(string? type) => type?.Split(';')[0] == "application/vnd.github.raw+json";

    private JsonObject GeneralResponse(int status) =>
        _document["components"]!["responses"]![status == 422 ? "validation_failed" : "not_found"]!.AsObject();

    private List<string> ParameterErrors(JsonObject operation, string place, IReadOnlyDictionary<string, string> values)
    {
        var parameters = (operation["parameters"] as JsonArray ?? []).Select(p => _schemas.Follow(p!.AsObject()))
            .Where(p => p["in"]!.GetValue<string>() == place).ToDictionary(p => p["name"]!.GetValue<string>());
        var unknown = values.Keys.Where(name => !parameters.ContainsKey(name)).Select(
            name => $"the {place} parameter {name} is not described");
        var missing = parameters.Values.Where(p => p["required"]?.GetValue<bool>() == true).Select(p => p["name"]!.GetValue<string>())
            .Where(name => !values.ContainsKey(name)).Select(name => $"the {place} parameter {name} is missing");
        var wrong = values.Where(v => parameters.ContainsKey(v.Key)).SelectMany(v =>
            ValueErrors(parameters[v.Key]["schema"]!.AsObject(), v.Value).Select(error => $"the {place} parameter {v.Key}: {error}"));
        return [.. unknown, .. missing, .. wrong];
    }

    /// <summary>A parameter is text on the wire, so a number is what looks like one where one is wanted.</summary>
    private IReadOnlyList<string> ValueErrors(JsonObject schema, string text) =>
        _schemas.Errors(schema, _schemas.Follow(schema)["type"]?.GetValue<string>() == "integer"
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : text);

    private IReadOnlyList<string> RequestBodyErrors(JsonObject operation, Exchange exchange)
    {
        if (operation["requestBody"] is not JsonObject described)
        {
            return exchange.RequestBody.Length == 0 ? [] : ["a body is sent where none is described"];
        }

        if (exchange.RequestBody.Length == 0)
        {
            return described["required"]?.GetValue<bool>() == true ? ["the body is missing"] : [];
        }

        return ContentErrors(described["content"]!.AsObject(), exchange.RequestHeaders, exchange.RequestBody);
    }

    private IReadOnlyList<string> ContentErrors(JsonObject? content, IReadOnlyDictionary<string, string> headers, string? body)
    {
        if (content is null)
        {
            return string.IsNullOrEmpty(body) ? [] : ["there is a body where none is described"];
        }

        var type = (headers.GetValueOrDefault("Content-Type") ?? "").Split(';')[0];
        if (content[type] is not JsonObject described)
        {
            return [$"the content type \"{type}\" is not described"];
        }

        try
        {
            return _schemas.Errors(described["schema"]!.AsObject(), JsonNode.Parse(body ?? ""));
        }
        catch (JsonException e)
        {
            return [$"the body is not JSON: {e.Message}"];
        }
    }

    private (string Path, JsonObject Operation, Dictionary<string, string> Values)? Find(Exchange exchange)
    {
        // A path that says more in plain words comes first, as with any router.
        foreach (var (pattern, path, methods) in _paths.OrderBy(p => p.Path.Count(c => c == '{')))
        {
            var match = pattern.Match(exchange.Path);
            if (match.Success && methods[Lower(exchange.Method)] is JsonObject operation)
            {
                return (path, operation, pattern.GetGroupNames().Where(name => name != "0").ToDictionary(
                    name => name, name => match.Groups[name].Value));
            }
        }

        return null;
    }

    /// <summary>A contents' path and a git reference may have slashes in them; other parameters are one segment.</summary>
    private static Regex Pattern(string path) => new("^" + Regex.Replace(path, @"\{(\w+)\}", parameter =>
        parameter.Groups[1].Value is "path" or "ref" ? $"(?<{parameter.Groups[1].Value}>.+)"
            : $"(?<{parameter.Groups[1].Value}>[^/]+)") + "$");

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Globalization", "CA1308", Justification = "OpenAPI writes methods in lower case.")]
    private static string Lower(string method) => method.ToLowerInvariant();

    private static string Text(int status) => status.ToString(CultureInfo.InvariantCulture);
}
