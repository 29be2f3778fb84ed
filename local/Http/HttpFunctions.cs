using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ci.Local.Http;

/// <summary>Serves the HTTP functions as the Functions host serves them.</summary>
internal static partial class HttpFunctions
{
    /// <summary>The Functions host answers larger bodies with 500 at once.</summary>
    public const long MaxBodyBytes = 100 << 20;

    /// <summary>Maps every route; functions that share one are told apart by method, and no function means 404, never 405.</summary>
    public static void Map(WebApplication app, FunctionCatalog functions, string prefix)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Function");
        app.Use(PrepareAsync);
        app.MapGet("/", () => Results.Text("Your functions app is up and running.\n"));
        foreach (var route in functions.Http.GroupBy(f => f.Route, StringComparer.OrdinalIgnoreCase))
        {
            HttpFunction[] candidates = [.. route];
            app.Map($"/{prefix}/{route.Key}".Replace("//", "/", StringComparison.Ordinal), context =>
            {
                var function = Array.Find(candidates, f => f.Methods.Count == 0 || f.Methods.Contains(context.Request.Method));
                if (function is not null)
                {
                    return RunAsync(function, context, logger);
                }

                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            });
        }
    }

    private static async Task RunAsync(HttpFunction function, HttpContext context, ILogger logger)
    {
        try
        {
            if (context.Request.ContentLength > MaxBodyBytes)
            {
                context.Response.StatusCode = StatusCodes.Status500InternalServerError;
                return;
            }

            if (await FunctionInvoker.InvokeAsync(function, context) is IResult result)
            {
                await result.ExecuteAsync(context);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client went away; nobody is left to answer.
        }
        catch (Exception e)
        {
            Log.Failed(logger, e, function.Name);
            if (context.Response.HasStarted)
            {
                context.Abort();
                return;
            }

            context.Response.Clear();
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        }
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

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Function {Function} failed")]
        public static partial void Failed(ILogger logger, Exception exception, string function);
    }
}
