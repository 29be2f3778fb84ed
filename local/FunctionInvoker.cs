using System.ComponentModel;
using System.Reflection;
using System.Runtime.ExceptionServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace Ci.Local;

/// <summary>Calls a function: makes its class, binds its parameters, awaits what it returns.</summary>
internal static class FunctionInvoker
{
    /// <summary>Calls an HTTP function and returns its result, or null.</summary>
    public static Task<IResult?> InvokeAsync(HttpFunction function, HttpContext context, CancellationToken cancellation) =>
        InvokeAsync(function.Method, context.RequestServices, parameter => BindHttp(parameter, context, cancellation));

    /// <summary>Calls a queue function.</summary>
    public static async Task InvokeAsync(QueueFunction function, IServiceProvider services, string message, CancellationToken cancellation)
    {
        await using var scope = services.CreateAsyncScope();
        await InvokeAsync(function.Method, scope.ServiceProvider, parameter => parameter.ParameterType == typeof(CancellationToken) ? cancellation : message);
    }

    private static async Task<IResult?> InvokeAsync(MethodInfo method, IServiceProvider services, Func<ParameterInfo, object?> bind)
    {
        var instance = method.IsStatic ? null : ActivatorUtilities.CreateInstance(services, method.DeclaringType!);
        try
        {
            var returned = Call(method, instance, [.. method.GetParameters().Select(bind)]);
            if (returned is not Task task)
            {
                return returned as IResult;
            }

            await task;
            return method.ReturnType.IsGenericType ? (IResult?)task.GetType().GetProperty("Result")!.GetValue(task) : null;
        }
        finally
        {
            await DisposeAsync(instance);
        }
    }

    private static object? Call(MethodInfo method, object? instance, object?[] arguments)
    {
        try
        {
            return method.Invoke(instance, arguments);
        }
        catch (TargetInvocationException e) when (e.InnerException is not null)
        {
            ExceptionDispatchInfo.Throw(e.InnerException);
            throw;
        }
    }

    private static async ValueTask DisposeAsync(object? instance)
    {
        if (instance is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
        else
        {
            (instance as IDisposable)?.Dispose();
        }
    }

    private static object? BindHttp(ParameterInfo parameter, HttpContext context, CancellationToken cancellation)
    {
        if (parameter.GetCustomAttribute<HttpTriggerAttribute>() is not null)
        {
            return context.Request;
        }

        if (parameter.ParameterType == typeof(CancellationToken))
        {
            return cancellation;
        }

        var value = context.GetRouteValue(parameter.Name!)?.ToString();
        return value is null || parameter.ParameterType == typeof(string)
            ? value
            : TypeDescriptor.GetConverter(parameter.ParameterType).ConvertFromInvariantString(value);
    }
}
