using Ci.Pipeline.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Ci.Functions.Startup;

/// <summary>What the worker needs besides the pipeline.</summary>
internal static class AppServices
{
    // The Functions host kills a worker that takes longer to end.
    private static readonly TimeSpan WorkerPatience = TimeSpan.FromSeconds(5);

    // The logger that sends to the host; of what a build does, it alone is told each step.
    private const string HostLogger = "Microsoft.Azure.Functions.Worker.Logging.WorkerLoggerProvider";

    public static IServiceCollection AddApp(this IServiceCollection services)
    {
        services.AddHostedService<ParentWatch>();
        services.Configure<HostOptions>(host =>
        {
            host.ServicesStopConcurrently = true;
            host.ShutdownTimeout = WorkerPatience;
        });
        services.AddLogging(logging => logging
            .AddFilter("Azure.Core", LogLevel.Warning)
            .AddFilter("Microsoft", LogLevel.Warning)
            // It speaks of keys for cookies that nothing here makes.
            .AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error));
        services.Configure<LoggerFilterOptions>(filters => filters.Rules.Add(
            new LoggerFilterRule(HostLogger, typeof(BuildWorker).FullName, LogLevel.Debug, null)));
        return services;
    }
}
