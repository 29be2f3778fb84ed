using System.Collections;
using System.Net;
using System.Net.Sockets;
using Ci.Local.Http;
using Ci.Local.Queues;
using Ci.Local.Worker;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Ci.Local;

internal sealed record LocalHostOptions
{
    /// <summary>The port; 0 takes a free one.</summary>
    public int Port { get; init; } = 7071;

    /// <summary>The address to listen on; null is localhost, which no other machine reaches.</summary>
    public IPAddress? Address { get; init; }
    public required string ScriptRoot { get; init; }

    /// <summary>The folder of the built app; null is the script root, as on the Functions host.</summary>
    public string? App { get; init; }

    /// <summary>Settings that win over the file and the environment, for this host and the worker.</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>();
    public QueueTimes QueueTimes { get; init; } = new();
    public WorkerTimes WorkerTimes { get; init; } = new();

    /// <summary>By which the pauses of the queue listeners go.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where logs go; null is the console.</summary>
    public Action<ILoggingBuilder>? Logging { get; init; }
}

/// <summary>Runs a Functions app without Azure Functions Core Tools: its worker process, Kestrel for its HTTP triggers, a
/// listener for each of its queue triggers.</summary>
internal sealed class LocalHost : IAsyncDisposable
{
    private readonly WebApplication _web;
    private readonly FunctionsWorker _worker;
    private readonly ILoggerFactory _loggers;

    private LocalHost(WebApplication web, FunctionsWorker worker, FunctionCatalog functions, HostJson hostJson, ILoggerFactory loggers)
    {
        _web = web;
        _worker = worker;
        _loggers = loggers;
        Functions = functions;
        HostJson = hostJson;
        Url = new Uri(web.Urls.First());
    }

    public Uri Url { get; }
    public FunctionCatalog Functions { get; }
    public HostJson HostJson { get; }
    public int WorkerProcessId => _worker.ProcessId;

    /// <summary>Starts the worker, then whatever calls its functions.</summary>
    /// <exception cref="HostException">A file, a setting or a function of the app is wrong; or the worker does not start.</exception>
    public static async Task<LocalHost> StartAsync(LocalHostOptions options, CancellationToken cancellationToken)
    {
        var app = Path.GetFullPath(options.App ?? options.ScriptRoot);
        var settings = Settings(options, out var environment);
        var hostJson = ReadHostJson(options.ScriptRoot, app, settings);
        CheckPort(options);
        var loggers = LoggerFactory.Create(logging => ConfigureLogging(logging, options, hostJson));
        FunctionsWorker? worker = null;
        WebApplication? web = null;
        try
        {
            (worker, var all) = await FunctionsWorker.StartAsync(app, environment, options.WorkerTimes, loggers, cancellationToken);
            var chosen = FunctionCatalog.Choose(all, hostJson.Functions);
            var functions = new FunctionCatalog(chosen, settings);
            await CheckHttpAsync(worker, functions, cancellationToken);
            var queueLog = loggers.CreateLogger("Queue");
            var listeners = functions.Queues
                .Select(f => new QueueListener(f, Connections.Queues(f, settings), worker, hostJson, options, queueLog)).ToList();
            await worker.LoadAsync(chosen, cancellationToken);
            web = Build(options, loggers, listeners);
            HttpFunctions.Map(web, functions, worker, listeners, hostJson, options);
            web.Lifetime.ApplicationStopping.Register(worker.StopReplacing);
            await web.StartAsync(cancellationToken);
            return new LocalHost(web, worker, functions, hostJson, loggers);
        }
        catch
        {
            await DisposeAsync(web, worker, loggers);
            throw;
        }
    }

    /// <summary>Waits until the host is told to end, or cannot go on.</summary>
    /// <exception cref="HostException">No worker can be kept running.</exception>
    public async Task WaitForShutdownAsync(CancellationToken cancellationToken)
    {
        var shutdown = _web.WaitForShutdownAsync(cancellationToken);
        if (await Task.WhenAny(shutdown, _worker.Failed) == _worker.Failed)
        {
            await StopAsync(CancellationToken.None);
            await _worker.Failed;
        }

        await shutdown;
    }

    /// <summary>Takes nothing more, lets what runs end or cancels it, and ends the worker.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _web.StopAsync(cancellationToken);
        await _worker.DisposeAsync();
    }

    public ValueTask DisposeAsync() => DisposeAsync(_web, _worker, _loggers);

    private static async ValueTask DisposeAsync(WebApplication? web, FunctionsWorker? worker, ILoggerFactory loggers)
    {
        if (web is not null)
        {
            await web.DisposeAsync();
        }

        if (worker is not null)
        {
            await worker.DisposeAsync();
        }

        loggers.Dispose();
    }

    /// <summary>The settings that this host reads, and those that its worker does not have from the environment: it reads nothing
    /// but its environment, as under the Functions host.</summary>
    private static IConfiguration Settings(LocalHostOptions options, out IReadOnlyDictionary<string, string?> environment)
    {
        var variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(variable => Name((string)variable.Key))
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        var file = Path.Combine(options.ScriptRoot, "local.settings.json");
        var own = File.Exists(file)
            ? LocalSettings.Parse(File.ReadAllText(file)).Where(setting => !variables.Contains(setting.Key))
                .ToDictionary(StringComparer.OrdinalIgnoreCase)
            : [];
        foreach (var (name, value) in options.Settings)
        {
            own[Name(name)] = value;
        }

        environment = own.ToDictionary(setting => setting.Key.Replace(":", "__", StringComparison.Ordinal), setting => setting.Value);
        return new ConfigurationBuilder().AddEnvironmentVariables().AddInMemoryCollection(own).Build();
    }

    private static string Name(string variable) => variable.Replace("__", ":", StringComparison.Ordinal);

    private static async Task CheckHttpAsync(FunctionsWorker worker, FunctionCatalog functions, CancellationToken cancellationToken)
    {
        if (functions.Http.Count > 0 && (await worker.ReadyAsync(cancellationToken)).HttpUri is null)
        {
            throw new HostException(
                "The app has HTTP functions, but its worker has no web server: call ConfigureFunctionsWebApplication in its Program.cs.");
        }
    }

    private static WebApplication Build(LocalHostOptions options, ILoggerFactory loggers, IReadOnlyList<QueueListener> listeners)
    {
        var builder = EmptyWebApplication.CreateBuilder(loggers);
        builder.Services.AddHttpForwarder();
        builder.Services.AddSingleton<MatcherPolicy, MethodPolicy>();
        foreach (var listener in listeners)
        {
            builder.Services.AddSingleton<IHostedService>(listener);
        }

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            Listen(kestrel, options.Address, options.Port);
            kestrel.Limits.MaxRequestBodySize = HttpFunctionEndpoint.MaxBodyBytes;
        });
        builder.Services.Configure<HostOptions>(host =>
        {
            // Two functions that run at shutdown wait side by side.
            host.ServicesStopConcurrently = true;
            host.ShutdownTimeout = options.QueueTimes.ShutdownGrace + options.QueueTimes.CancelGrace + TimeSpan.FromSeconds(10);
        });
        return builder.Build();
    }

    private static void ConfigureLogging(ILoggingBuilder logging, LocalHostOptions options, HostJson host)
    {
        var terminal = Terminal.OfThisProcess();
        if (options.Logging is null)
        {
            logging.AddConsole(console => console.FormatterName = BuildConsoleFormatter.FormatterName);
            logging.Services.AddSingleton(terminal).AddSingleton(options.Time);
            logging.AddConsoleFormatter<BuildConsoleFormatter, ConsoleFormatterOptions>();
        }

        logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("Grpc", LogLevel.Warning).AddFilter("Yarp", LogLevel.Warning);
        foreach (var (category, level) in host.LogLevels)
        {
            logging.AddFilter(category.Equals("default", StringComparison.OrdinalIgnoreCase) ? null : category, level);
        }

        // What they say of a connection that broke, this host says itself; and one that cannot start says why in a sentence.
        logging.AddFilter("Yarp.ReverseProxy.Forwarder", LogLevel.None)
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        options.Logging?.Invoke(logging);
    }

    /// <summary>Before a worker is started that nobody could reach.</summary>
    private static void CheckPort(LocalHostOptions options)
    {
        var address = options.Address ?? IPAddress.Loopback;
        using var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(new IPEndPoint(address, options.Port));
            listener.Listen();
        }
        catch (SocketException e)
        {
            throw new HostException(e.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? $"Port {options.Port} is taken: stop what uses it, or choose another with --port."
                : $"Nothing can listen on {address}, port {options.Port}: {e.Message}.");
        }
    }

    private static void Listen(KestrelServerOptions kestrel, IPAddress? address, int port)
    {
        // Kestrel cannot take a free port on both of localhost's addresses at once.
        if (address is null && port != 0)
        {
            kestrel.ListenLocalhost(port);
        }
        else
        {
            kestrel.Listen(address ?? IPAddress.Loopback, port);
        }
    }

    private static HostJson ReadHostJson(string folder, string app, IConfiguration settings)
    {
        var path = Path.Combine(folder, "host.json");
        if (!File.Exists(path))
        {
            throw new HostException(
                $"There is no host.json in {Path.GetFullPath(folder)}: start in the folder that has it, or name it with --script-root.");
        }

        var host = HostJson.Parse(HostJsonSettings.Apply(File.ReadAllText(path), settings));
        // Workers read the route prefix for themselves, from the file beside them and from nowhere else.
        var own = Path.Combine(app, "host.json");
        var prefix = File.Exists(own) ? HostJson.Parse(File.ReadAllText(own)).RoutePrefix : HostJson.DefaultRoutePrefix;
        return host.RoutePrefix == prefix
            ? host
            : throw new HostException(
                $"extensions.http.routePrefix is '{host.RoutePrefix}' here and '{prefix}' in {own}, which the worker goes by: "
                + "set it in the app's host.json, and build the app anew.");
    }
}
