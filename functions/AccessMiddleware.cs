using System.Collections.Concurrent;
using System.Reflection;
using Ci.Web.Auth;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace Ci.Functions;

/// <summary>
/// Stands before every function that is called over HTTP: puts the strict headers onto the answer, and lets only those in who
/// may come. What is not marked with <see cref="AllowStrangersAttribute"/> needs the key, so that a forgotten function is closed.
/// </summary>
internal sealed class AccessMiddleware(ApiAuthorization authorization) : IFunctionsWorkerMiddleware
{
    private readonly ConcurrentDictionary<string, AllowStrangersAttribute?> _marks = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (context.GetHttpContext()?.Request is not { } request)
        {
            return next(context);
        }

        SecurityHeaders.AddTo(request.HttpContext.Response);
        var refusal = _marks.GetOrAdd(context.FunctionDefinition.EntryPoint, MarkOf) switch
        {
            null => authorization.RefuseAccess(request),
            { CountsItself: false } => authorization.RefuseEntry(request),
            _ => null,
        };
        if (refusal is null)
        {
            return next(context);
        }

        context.GetInvocationResult().Value = refusal;
        return Task.CompletedTask;
    }

    /// <summary>The mark on a function's method, whose type and name its entry point is.</summary>
    private static AllowStrangersAttribute? MarkOf(string entryPoint)
    {
        var dot = entryPoint.LastIndexOf('.');
        return typeof(AccessMiddleware).Assembly.GetType(entryPoint[..dot])?.GetMethod(entryPoint[(dot + 1)..])?.GetCustomAttribute<AllowStrangersAttribute>();
    }
}
