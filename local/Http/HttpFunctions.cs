using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ci.Local.Http;

/// <summary>Serves the HTTP functions as the Functions host serves them.</summary>
internal static class HttpFunctions
{
    /// <summary>Maps every route, and the welcome page.</summary>
    public static void Map(WebApplication app, FunctionCatalog functions, HostJson host)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Function");
        app.Use(PrepareAsync);
        var order = 0;
        foreach (var function in functions.Http)
        {
            var endpoint = new HttpFunctionEndpoint(function, host.FunctionTimeout, logger);
            app.Map($"/{host.RoutePrefix}/{function.Route}".Replace("//", "/", StringComparison.Ordinal), endpoint.InvokeAsync)
                .WithMetadata(new AllowedMethods(function.Methods))
                // The Functions host takes the first function by name whose route fits, not the most precise one.
                .WithOrder(order++);
        }

        app.Map("/", context => context.Response.WriteAsync("Your functions are up and running.\n"))
            .WithMetadata(new AllowedMethods(["GET"]))
            .WithOrder(order);
    }

    /// <summary>What a function sees differs from what was sent: repeated headers are joined, and the host adds its own.</summary>
    private static Task PrepareAsync(HttpContext context, RequestDelegate next)
    {
        var headers = context.Request.Headers;
        foreach (var (name, values) in headers.Where(h => h.Value.Count > 1).ToArray())
        {
            headers[name] = string.Join(", ", values.ToArray());
        }

        headers["x-ms-invocation-id"] = Guid.NewGuid().ToString();
        headers["X-Original-For"] = $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}";
        headers["X-Original-Host"] = context.Request.Host.Value;
        headers["X-Original-Proto"] = context.Request.Scheme;
        if (!headers.ContainsKey("traceparent"))
        {
            headers["traceparent"] = $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00";
        }

        return next(context);
    }
}
