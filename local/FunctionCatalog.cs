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
    private FunctionCatalog(IReadOnlyList<HttpFunction> http, IReadOnlyList<QueueFunction> queues)
    {
        Http = http;
        Queues = queues;
    }

    /// <summary>The HTTP-triggered ones.</summary>
    public IReadOnlyList<HttpFunction> Http { get; }

    /// <summary>The queue-triggered ones.</summary>
    public IReadOnlyList<QueueFunction> Queues { get; }

    /// <summary>Finds the functions.</summary>
    /// <exception cref="HostException">Two have the same name, or a <c>%setting%</c> is missing.</exception>
    public static FunctionCatalog Find(IEnumerable<Type> types, IConfiguration settings)
    {
        var http = new SortedDictionary<string, HttpFunction>(StringComparer.OrdinalIgnoreCase);
        var queues = new SortedDictionary<string, QueueFunction>(StringComparer.OrdinalIgnoreCase);
        foreach (var method in types.SelectMany(t => t.GetMethods()))
        {
            if (method.GetCustomAttribute<FunctionAttribute>() is not { Name: var name })
            {
                continue;
            }

            if (http.ContainsKey(name) || queues.ContainsKey(name))
            {
                throw new HostException($"Two functions are named '{name}': give one of them another name.");
            }

            if (Trigger<HttpTriggerAttribute>(method) is { } trigger)
            {
                string[] methods = [.. trigger.Methods.Select(m => m.ToUpperInvariant())];
                http[name] = new HttpFunction(name, method, methods, Resolve(trigger.Route ?? name, settings).Trim('/'));
            }
            else if (Trigger<QueueTriggerAttribute>(method) is { } queue)
            {
                queues[name] = new QueueFunction(
                    name, method, Resolve(queue.QueueName, settings).ToLowerInvariant(), queue.Connection ?? "AzureWebJobsStorage");
            }
        }

        return new FunctionCatalog([.. http.Values], [.. queues.Values]);
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
}
