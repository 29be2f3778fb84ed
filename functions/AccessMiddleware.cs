using System.Collections.Concurrent;
using System.Reflection;
using Ci.Web.Auth;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace Ci.Functions;

/// <summary>Stands before every function that is called over HTTP: puts the strict headers onto the answer, and lets only those
/// in who may come. What is not marked with <see cref="AllowAnonymousAttribute"/> needs the key, so that a forgotten function is
/// closed; of what is marked, every call counts, unless the function counts by itself and says so with <see
/// cref="DisableRateLimitingAttribute"/>.</summary>
internal sealed class AccessMiddleware(ApiAuthorization authorization) : IFunctionsWorkerMiddleware
{
    private readonly ConcurrentDictionary<string, (bool IsAnonymous, bool CountsItself)> _marks = new(StringComparer.Ordinal);

    public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (context.GetHttpContext()?.Request is not { } request)
        {
            return next(context);
        }

        SecurityHeaders.AddTo(request.HttpContext.Response);
        var refusal = _marks.GetOrAdd(context.FunctionDefinition.EntryPoint, MarksOf) switch
        {
            { IsAnonymous: false } => authorization.RefuseAccess(request),
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

    /// <summary>The marks on a function's method, whose type and name its entry point is.</summary>
    private static (bool IsAnonymous, bool CountsItself) MarksOf(string entryPoint)
    {
        var dot = entryPoint.LastIndexOf('.');
        var method = typeof(AccessMiddleware).Assembly.GetType(entryPoint[..dot])?.GetMethod(entryPoint[(dot + 1)..]);
        return (Has<AllowAnonymousAttribute>(method), Has<DisableRateLimitingAttribute>(method));

        static bool Has<T>(MethodInfo? method) where T : Attribute => method?.IsDefined(typeof(T)) == true;
    }
}
