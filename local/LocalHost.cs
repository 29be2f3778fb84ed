using System.Net;
using Ci.Local.Http;
using Ci.Local.Queues;
using Ci.Pipeline;
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

/// <summary>Where and what to run.</summary>
public sealed record LocalHostOptions
{
    /// <summary>The port; 0 takes a free one.</summary>
    public int Port { get; init; } = 7071;

    /// <summary>The address to listen on; null is localhost, which no other machine reaches.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>The folder of host.json and local.settings.json.</summary>
    public required string ScriptRoot { get; init; }

    /// <summary>Where the functions are; this assembly's by default.</summary>
    public IReadOnlyList<Type> FunctionTypes { get; init; } = typeof(LocalHost).Assembly.GetTypes();

    /// <summary>Settings that win over the file and the environment.</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>();

    /// <summary>The times that are fixed in the Functions host.</summary>
    public QueueTimes QueueTimes { get; init; } = new();

    /// <summary>Adds what the functions need.</summary>
    public Action<IServiceCollection, IConfiguration> Configure { get; init; } = (services, configuration) => services.AddPipeline(configuration);
}

/// <summary>Runs functions without Azure Functions Core Tools: Kestrel for HTTP triggers, a listener for each queue trigger.</summary>
public static class LocalHost
{
    /// <summary>Puts the host together.</summary>
    /// <exception cref="HostException">host.json, local.settings.json or a function is wrong.</exception>
    public static (WebApplication App, FunctionCatalog Functions, HostJson Host) Build(LocalHostOptions options)
    {
        var builder = WebApplication.CreateSlimBuilder();
        Configure(builder, options);
        var hostJson = ReadHostJson(options.ScriptRoot, builder.Configuration);
        ConfigureLogging(builder.Logging, hostJson);
        var functions = FunctionCatalog.Find(options.FunctionTypes, builder.Configuration);
        options.Configure(builder.Services, builder.Configuration);
        builder.Services.AddSingleton<MatcherPolicy, MethodPolicy>();
        foreach (var function in functions.Queues)
        {
            var queues = Connections.Queues(function, builder.Configuration);
            builder.Services.AddSingleton<IHostedService>(services => new QueueListener(
                function, queues, hostJson, options.QueueTimes, services, services.GetRequiredService<ILoggerFactory>().CreateLogger("Queue")));
        }

        var app = builder.Build();
        HttpFunctions.Map(app, functions, hostJson);
        return (app, functions, hostJson);
    }

    private static void Configure(WebApplicationBuilder builder, LocalHostOptions options)
    {
        builder.Configuration.Sources.Clear();
        var settings = Path.Combine(options.ScriptRoot, "local.settings.json");
        if (File.Exists(settings))
        {
            builder.Configuration.AddInMemoryCollection(LocalSettings.Parse(File.ReadAllText(settings)));
        }

        builder.Configuration.AddEnvironmentVariables().AddInMemoryCollection(options.Settings);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            Listen(kestrel, options.Address, options.Port);
            kestrel.Limits.MaxRequestBodySize = HttpFunctionEndpoint.MaxBodyBytes;
        });
        builder.Services.Configure<HostOptions>(host =>
        {
            // Two functions that run at shutdown wait side by side.
            host.ServicesStopConcurrently = true;
            host.ShutdownTimeout = options.QueueTimes.ShutdownGrace + options.QueueTimes.CancelPatience + TimeSpan.FromSeconds(10);
        });
    }

    private static void ConfigureLogging(ILoggingBuilder logging, HostJson host)
    {
        var terminal = Terminal.OfThisProcess();
        logging.ClearProviders().AddConsole(console => console.FormatterName = StoryFormatter.FormatterName);
        logging.Services.AddSingleton(terminal);
        logging.AddConsoleFormatter<StoryFormatter, ConsoleFormatterOptions>();
        logging.AddFilter("Microsoft", LogLevel.Warning);
        if (terminal.CanRewrite)
        {
            // The steps of a Dockerfile, each in the place of the one before.
            logging.AddFilter(StoryFormatter.Builds, LogLevel.Debug);
        }

        foreach (var (category, level) in host.LogLevels)
        {
            logging.AddFilter(category.Equals("default", StringComparison.OrdinalIgnoreCase) ? null : category, level);
        }

        // A host that cannot start says why in a sentence (Program.cs); the stack trace would say it again.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
    }

    private static void Listen(KestrelServerOptions kestrel, IPAddress? address, int port)
    {
        if (address is not null)
        {
            kestrel.Listen(address, port);
        }
        else if (port == 0)
        {
            // Kestrel cannot take a free port on both of localhost's addresses at once.
            kestrel.Listen(IPAddress.Loopback, 0);
        }
        else
        {
            kestrel.ListenLocalhost(port);
        }
    }

    private static HostJson ReadHostJson(string folder, IConfiguration configuration)
    {
        var path = Path.Combine(folder, "host.json");
        return File.Exists(path)
            ? HostJson.Parse(HostJsonSettings.Apply(File.ReadAllText(path), configuration))
            : throw new HostException($"There is no host.json in {Path.GetFullPath(folder)}: start in the folder that has it, or name it with --script-root.");
    }
}
