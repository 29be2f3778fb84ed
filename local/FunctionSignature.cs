using System.ComponentModel;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Azure.Functions.Worker;

namespace Ci.Local;

/// <summary>
/// Tells at start which functions this host could not call rightly. The Functions host binds more than this one does;
/// what is not known here is refused instead of left null.
/// </summary>
internal static class FunctionSignature
{
    public static void CheckHttp(string name, MethodInfo method, string route)
    {
        var values = RouteParameters(name, route);
        foreach (var parameter in method.GetParameters())
        {
            var known = parameter.GetCustomAttribute<HttpTriggerAttribute>() is not null
                ? parameter.ParameterType == typeof(HttpRequest)
                : parameter.ParameterType == typeof(CancellationToken)
                    || (values.Contains(parameter.Name!) && TypeDescriptor.GetConverter(parameter.ParameterType).CanConvertFrom(typeof(string)));
            Check(known, name, parameter, "a HttpRequest with HttpTrigger, a CancellationToken and values of the route");
        }

        Type[] results = [typeof(void), typeof(Task), typeof(IResult), typeof(Task<IResult>), typeof(Task<IResult?>)];
        if (!results.Contains(method.ReturnType))
        {
            throw new HostException($"Function {name} returns {method.ReturnType.Name}; this host knows IResult, Task<IResult>, Task and void.");
        }
    }

    public static void CheckQueue(string name, MethodInfo method)
    {
        foreach (var parameter in method.GetParameters())
        {
            var known = parameter.GetCustomAttribute<QueueTriggerAttribute>() is not null
                ? parameter.ParameterType == typeof(string)
                : parameter.ParameterType == typeof(CancellationToken);
            Check(known, name, parameter, "a string with QueueTrigger and a CancellationToken");
        }

        if (method.ReturnType != typeof(void) && method.ReturnType != typeof(Task))
        {
            throw new HostException($"Function {name} returns {method.ReturnType.Name}; this host knows Task and void for a queue.");
        }
    }

    private static HashSet<string> RouteParameters(string name, string route)
    {
        try
        {
            return RoutePatternFactory.Parse(route).Parameters.Select(p => p.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        }
        catch (RoutePatternException e)
        {
            throw new HostException($"Function {name} has route '{route}', which is none: {e.Message}");
        }
    }

    private static void Check(bool known, string name, ParameterInfo parameter, string allowed)
    {
        if (!known)
        {
            throw new HostException($"Function {name} has parameter '{parameter.ParameterType.Name} {parameter.Name}'; this host knows {allowed}.");
        }
    }
}
