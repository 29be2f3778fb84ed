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
    public static Task<object?> InvokeAsync(HttpFunction function, HttpContext context) =>
        InvokeAsync(function.Method, context.RequestServices, parameter => BindHttp(parameter, context));

    /// <summary>Calls a queue function.</summary>
    public static async Task InvokeAsync(QueueFunction function, IServiceProvider services, string message, CancellationToken cancellation)
    {
        await using var scope = services.CreateAsyncScope();
        await InvokeAsync(function.Method, scope.ServiceProvider, parameter => BindQueue(parameter, message, cancellation));
    }

    private static async Task<object?> InvokeAsync(MethodInfo method, IServiceProvider services, Func<ParameterInfo, object?> bind)
    {
        var instance = method.IsStatic ? null : ActivatorUtilities.CreateInstance(services, method.DeclaringType!);
        try
        {
            var returned = Call(method, instance, [.. method.GetParameters().Select(bind)]);
            if (returned is not Task task)
            {
                return returned;
            }

            await task;
            return method.ReturnType.IsGenericType ? task.GetType().GetProperty("Result")!.GetValue(task) : null;
        }
        finally
        {
            (instance as IDisposable)?.Dispose();
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

    private static object? BindHttp(ParameterInfo parameter, HttpContext context)
    {
        if (parameter.ParameterType == typeof(HttpRequest))
        {
            return context.Request;
        }

        if (parameter.ParameterType == typeof(CancellationToken))
        {
            return context.RequestAborted;
        }

        var value = context.GetRouteValue(parameter.Name!)?.ToString();
        return value is null || parameter.ParameterType == typeof(string)
            ? value
            : TypeDescriptor.GetConverter(parameter.ParameterType).ConvertFromInvariantString(value);
    }

    private static object? BindQueue(ParameterInfo parameter, string message, CancellationToken cancellation) =>
        parameter.GetCustomAttribute<QueueTriggerAttribute>() is not null ? message
        : parameter.ParameterType == typeof(CancellationToken) ? cancellation
        : null;
}
