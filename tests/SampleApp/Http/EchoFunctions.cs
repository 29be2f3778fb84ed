using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Ci.SampleApp.Http;

/// <summary>HTTP functions that show what they were given.</summary>
public static class EchoFunctions
{
    [Function("Echo")]
    public static async Task<IResult> PostAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "echo")] HttpRequest request, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, cancellationToken);
        request.HttpContext.Response.Headers["Seen-Length"] = request.ContentLength?.ToString(CultureInfo.InvariantCulture) ?? "null";
        return Results.Bytes(body.ToArray(), "application/octet-stream");
    }

    [Function("EchoGet")]
    public static IResult Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "echo")] HttpRequest request, FunctionContext context) =>
        Results.Json(new
    {
        q = request.Query["q"].ToArray(),
        headers = request.Headers.ToDictionary(h => h.Key, h => h.Value.ToArray(), StringComparer.OrdinalIgnoreCase),
        remote = request.HttpContext.Connection.RemoteIpAddress?.ToString(),
        scheme = request.Scheme,
        host = request.Host.Value,
        invocation = context.InvocationId,
        trace = context.TraceContext.TraceParent,
    });

    /// <summary>Answers before it has read the body.</summary>
    [Function("Unread")]
    public static IResult Unread([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "unread")] HttpRequest request) =>
        Results.StatusCode(StatusCodes.Status413PayloadTooLarge);

    /// <summary>What the worker's environment says.</summary>
    [Function("Setting")]
    public static IResult Setting(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "setting/{name}")] HttpRequest request, string name) =>
        Results.Text(Environment.GetEnvironmentVariable(name) ?? "none");
}
