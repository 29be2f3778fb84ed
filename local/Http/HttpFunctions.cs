using System.Diagnostics;
using Ci.Local.Queues;
using Ci.Local.Worker;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace Ci.Local.Http;

/// <summary>Serves the HTTP functions as the Functions host serves them.</summary>
internal static class HttpFunctions
{
    public static void Map(
        WebApplication app, FunctionCatalog functions, FunctionsWorker worker, IReadOnlyList<QueueListener> listeners, HostJson host,
        LocalHostOptions options)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Function");
        var forwarder = new WorkerForwarder(app.Services.GetRequiredService<IHttpForwarder>());
        app.Lifetime.ApplicationStopped.Register(forwarder.Dispose);
        app.Use(PrepareAsync);
        var order = 0;
        foreach (var function in functions.Http)
        {
            var endpoint = new HttpFunctionEndpoint(function, worker, forwarder, listeners, host, options, app.Lifetime, logger);
            app.Map($"/{host.RoutePrefix}/{function.Route}".Replace("//", "/", StringComparison.Ordinal), endpoint.InvokeAsync)
                .WithMetadata(new AllowedMethods(function.Methods))
                // The Functions host takes the first function by name whose route fits, not the most precise one.
                .WithOrder(order++);
        }

        app.Map("/", context => context.Response.WriteAsync("Your functions are up and running.\n"))
            .WithMetadata(new AllowedMethods(["GET"]))
            .WithOrder(order);
    }

    /// <summary>A request that belongs to no trace begins one, which its function goes on with.</summary>
    private static Task PrepareAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Headers.TraceParent.Count == 0)
        {
            context.Request.Headers.TraceParent = $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00";
        }

        return next(context);
    }
}
