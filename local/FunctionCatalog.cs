using System.Text.Json;
using System.Text.RegularExpressions;
using Ci.Local.Worker.Protocol;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.Configuration;

namespace Ci.Local;

/// <summary>A function with an HTTP trigger. It takes any method when none is named; its route begins behind the route prefix.</summary>
/// <remarks>Its worker knows it by its id; <c>Parameter</c> is the binding that takes the request.</remarks>
internal sealed record HttpFunction(string Name, string Id, string Parameter, IReadOnlyList<string> Methods, string Route);

/// <summary>A function with a queue trigger; <c>Connection</c> names the setting that holds the connection string.</summary>
internal sealed record QueueFunction(string Name, string Id, string Parameter, string QueueName, string Connection);

/// <summary>The functions that run, as the worker describes them, sorted by name as the Functions host sorts them.</summary>
internal sealed partial class FunctionCatalog
{
    private readonly SortedDictionary<string, HttpFunction> _http = new(StringComparer.OrdinalIgnoreCase);
    private readonly SortedDictionary<string, QueueFunction> _queues = new(StringComparer.OrdinalIgnoreCase);

    /// <exception cref="HostException">A function is one that this host cannot run; or a <c>%setting%</c> is missing.</exception>
    internal FunctionCatalog(IEnumerable<RpcFunctionMetadata> functions, IConfiguration settings)
    {
        foreach (var function in functions)
        {
            Add(function, settings);
        }
    }

    public IReadOnlyCollection<HttpFunction> Http => _http.Values;
    public IReadOnlyCollection<QueueFunction> Queues => _queues.Values;

    /// <summary>Those that host.json's <c>functions</c> names; all where it names none.</summary>
    /// <exception cref="HostException">It names a function that the app does not have.</exception>
    internal static IReadOnlyList<RpcFunctionMetadata> Choose(IReadOnlyList<RpcFunctionMetadata> all, IReadOnlyList<string>? names)
    {
        if (names is null)
        {
            return all;
        }

        var unknown = names.FirstOrDefault(name => !all.Any(function => Is(function, name)));
        return unknown is null
            ? [.. all.Where(function => names.Any(name => Is(function, name)))]
            : throw new HostException(
                $"host.json: functions names '{unknown}', which the app does not have; it has "
                + $"{string.Join(", ", all.Select(f => f.Name).Order(StringComparer.OrdinalIgnoreCase))}.");
    }

    private static bool Is(RpcFunctionMetadata function, string name) => function.Name.Equals(name, StringComparison.OrdinalIgnoreCase);

    private void Add(RpcFunctionMetadata function, IConfiguration settings)
    {
        var name = function.Name;
        if (_http.ContainsKey(name) || _queues.ContainsKey(name))
        {
            throw new HostException($"Two functions are named '{name}': give one of them another name.");
        }

        var bindings = function.RawBindings.Select(Binding.Parse).ToList();
        if (bindings.FirstOrDefault(b => b.Type is not ("httpTrigger" or "queueTrigger") && !b.IsHttpResult) is { } unknown)
        {
            throw new HostException(
                $"Function {name} has a binding of type {unknown.Type}; this host knows httpTrigger, queueTrigger and the HTTP result.");
        }

        if (bindings.FirstOrDefault(binding => binding.IsDeferred) is { } deferred)
        {
            throw new HostException(
                $"Function {name} takes '{deferred.Name}' as a type of the Azure SDK, which only the Functions host gives; "
                + "take a string, bytes or a type of your own.");
        }

        switch (bindings.SingleOrDefault(binding => !binding.IsHttpResult))
        {
            case { Type: "httpTrigger" } http:
                var route = Resolve(http.Route ?? name, settings).Trim('/');
                CheckRoute(name, route);
                _http[name] = new HttpFunction(
                    name, function.FunctionId, http.Name, [.. (http.Methods ?? []).Select(m => m.ToUpperInvariant())], route);
                break;
            case { Type: "queueTrigger" } queue:
                var queueName = Resolve(queue.QueueName ?? "", settings).ToLowerInvariant();
                CheckQueueName(name, queueName);
                _queues[name] = new QueueFunction(
                    name, function.FunctionId, queue.Name, queueName, Resolve(queue.Connection ?? Connections.Default, settings));
                break;
            default:
                throw new HostException($"Function {name} has no trigger: mark a parameter with HttpTrigger or QueueTrigger.");
        }
    }

    private static void CheckRoute(string name, string route)
    {
        try
        {
            RoutePatternFactory.Parse(route);
        }
        catch (RoutePatternException e)
        {
            throw new HostException($"Function {name} has route '{route}', which is none: {e.Message}");
        }
    }

    private static void CheckQueueName(string name, string queueName)
    {
        if (queueName.Length is < 3 or > 63 || !QueueName().IsMatch(queueName))
        {
            throw new HostException(
                $"Function {name} takes its messages from queue '{queueName}'; "
                + "a queue's name has 3 to 63 letters, digits and single hyphens between them.");
        }
    }

    private static string Resolve(string text, IConfiguration settings) => Setting().Replace(
        text,
        match => settings[match.Groups[1].Value.Replace("__", ":", StringComparison.Ordinal)]
            ?? throw new HostException(
                $"'{text}' names setting {match.Groups[1].Value}, which is not set: add it to local.settings.json or the environment."));

    [GeneratedRegex("%([^%]+)%")]
    private static partial Regex Setting();

    [GeneratedRegex("^[a-z0-9]+(-[a-z0-9]+)*$")]
    private static partial Regex QueueName();

    /// <summary>A binding as function.json has it.</summary>
    private sealed record Binding
    {
        private static readonly JsonSerializerOptions AnyCase = new(JsonSerializerDefaults.Web);

        public string Name { get; init; } = "";

        public string Type { get; init; } = "";

        public string? Direction { get; init; }

        public string? Route { get; init; }

        public IReadOnlyList<string>? Methods { get; init; }

        public string? QueueName { get; init; }

        public string? Connection { get; init; }

        public IReadOnlyDictionary<string, JsonElement>? Properties { get; init; }

        /// <summary>The worker wants no value, but a reference from which it gets one itself.</summary>
        public bool IsDeferred => Properties?.Any(property =>
            property.Key.Equals("supportsDeferredBinding", StringComparison.OrdinalIgnoreCase)
            && property.Value.ToString().Equals("true", StringComparison.OrdinalIgnoreCase)) == true;

        public bool IsHttpResult => Type == "http" && string.Equals(Direction, "out", StringComparison.OrdinalIgnoreCase);

        public static Binding Parse(string json) => JsonSerializer.Deserialize<Binding>(json, AnyCase) ?? new Binding();
    }
}
