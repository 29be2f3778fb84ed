using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Ci.StandIn;

/// <summary>An answer in JSON.</summary>
internal sealed class Answer(JsonNode body, int status = 200) : IResult
{
    private const string Documentation = "https://docs.github.com/rest";

    public static Answer NotFound() => Problem(404, "Not Found");

    public static Answer Problem(int status, string message) => new(
        new JsonObject
        {
            ["message"] = message,
            ["documentation_url"] = Documentation,
            ["status"] = status.ToString(CultureInfo.InvariantCulture),
        },
        status);

    /// <summary>What a request is answered whose body means nothing: the error names the resource and, if one is to blame, the
    /// field.</summary>
    public static Answer Invalid(string resource, string code, string? field, string? message)
    {
        var error = new JsonObject { ["resource"] = resource, ["code"] = code };
        if (field is not null)
        {
            error["field"] = field;
        }

        if (message is not null)
        {
            error["message"] = message;
        }

        return new Answer(
            new JsonObject
            {
                ["message"] = "Validation Failed",
                ["errors"] = new JsonArray(error),
                ["documentation_url"] = Documentation,
                ["status"] = "422",
            },
            422);
    }

    /// <summary>One page of a list, by GitHub's rule: 30 items unless told, never more than 100 (REST, "Using pagination").</summary>
    public static IEnumerable<T> Page<T>(IEnumerable<T> items, int? size, int? page)
    {
        var count = Math.Clamp(size ?? 30, 1, 100);
        return items.Skip((Math.Max(page ?? 1, 1) - 1) * count).Take(count);
    }

    /// <summary>A request's body if it is a JSON object.</summary>
    public static async Task<JsonObject?> ReadAsync(HttpRequest request)
    {
        try
        {
            return await JsonNode.ParseAsync(request.Body) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A string of a request's body; null if it is missing or something else.</summary>
    public static string? Text(JsonObject body, string name) =>
        body[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var text = body.ToJsonString();
        httpContext.Items[typeof(Answer)] = text;
        if (status == 201)
        {
            // What was made says where it is; so does the answer.
            httpContext.Response.Headers.Location = body["url"]?.GetValue<string>();
        }

        return Results.Text(text, "application/json; charset=utf-8", statusCode: status).ExecuteAsync(httpContext);
    }
}
