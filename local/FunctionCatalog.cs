using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;

namespace Ci.Local;

/// <summary>A function with an HTTP trigger.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Method">The method that is called.</param>
/// <param name="Methods">The HTTP methods in upper case; none means any.</param>
/// <param name="Route">The route behind the route prefix.</param>
public sealed record HttpFunction(string Name, MethodInfo Method, IReadOnlyList<string> Methods, string Route);

/// <summary>A function with a queue trigger.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Method">The method that is called.</param>
/// <param name="QueueName">The queue.</param>
/// <param name="Connection">The name of the setting that holds the connection string.</param>
public sealed record QueueFunction(string Name, MethodInfo Method, string QueueName, string Connection);

/// <summary>The functions of some assemblies, found by their attributes and sorted by name as the Functions host sorts them.</summary>
public sealed partial class FunctionCatalog
{
    private readonly SortedDictionary<string, HttpFunction> _http = new(StringComparer.OrdinalIgnoreCase);
    private readonly SortedDictionary<string, QueueFunction> _queues = new(StringComparer.OrdinalIgnoreCase);

    private FunctionCatalog()
    {
    }

    /// <summary>The HTTP-triggered ones.</summary>
    public IReadOnlyCollection<HttpFunction> Http => _http.Values;

    /// <summary>The queue-triggered ones.</summary>
    public IReadOnlyCollection<QueueFunction> Queues => _queues.Values;

    /// <summary>Finds the functions.</summary>
    /// <exception cref="HostException">A function is one that no host, or not this one, can run; or a <c>%setting%</c> is missing.</exception>
    public static FunctionCatalog Find(IEnumerable<Type> types, IConfiguration settings)
    {
        var catalog = new FunctionCatalog();
        foreach (var method in types.Where(t => t is { IsClass: true, IsGenericTypeDefinition: false }).SelectMany(t => t.GetMethods()))
        {
            if (method.GetCustomAttribute<FunctionAttribute>() is { Name: var name })
            {
                catalog.Add(name, method, settings);
            }
        }

        return catalog;
    }

    private void Add(string name, MethodInfo method, IConfiguration settings)
    {
        if (_http.ContainsKey(name) || _queues.ContainsKey(name))
        {
            throw new HostException($"Two functions are named '{name}': give one of them another name.");
        }

        if (Trigger<HttpTriggerAttribute>(method) is { } http)
        {
            var route = Resolve(http.Route ?? name, settings).Trim('/');
            FunctionSignature.CheckHttp(name, method, route);
            _http[name] = new HttpFunction(name, method, [.. http.Methods.Select(m => m.ToUpperInvariant())], route);
        }
        else if (Trigger<QueueTriggerAttribute>(method) is { } queue)
        {
            FunctionSignature.CheckQueue(name, method);
            var queueName = Resolve(queue.QueueName, settings).ToLowerInvariant();
            if (queueName.Length is < 3 or > 63 || !QueueName().IsMatch(queueName))
            {
                throw new HostException(
                    $"Function {name} takes its messages from queue '{queueName}'; a queue's name has 3 to 63 letters, digits and single hyphens between them.");
            }

            _queues[name] = new QueueFunction(name, method, queueName, Resolve(queue.Connection ?? Connections.Default, settings));
        }
        else
        {
            throw new HostException($"Function {name} has no trigger that this host knows: mark a parameter with HttpTrigger or QueueTrigger.");
        }
    }

    private static T? Trigger<T>(MethodInfo method)
        where T : Attribute =>
        method.GetParameters().Select(p => p.GetCustomAttribute<T>()).FirstOrDefault(a => a is not null);

    private static string Resolve(string text, IConfiguration settings) => Setting().Replace(
        text,
        match => settings[match.Groups[1].Value.Replace("__", ":", StringComparison.Ordinal)]
            ?? throw new HostException($"'{text}' names setting {match.Groups[1].Value}, which is not set: add it to local.settings.json or the environment."));

    [GeneratedRegex("%([^%]+)%")]
    private static partial Regex Setting();

    [GeneratedRegex("^[a-z0-9]+(-[a-z0-9]+)*$")]
    private static partial Regex QueueName();
}
