using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Ci.Functions.Startup;

/// <summary>Ends the worker when the host that started it is gone: nobody takes its answers any more, and the builds that it
/// holds are another host's to do. A Functions host that is killed does not end its worker, except on Windows.</summary>
internal sealed partial class ParentWatch(IHostApplicationLifetime lifetime, TimeProvider time, ILogger<ParentWatch> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    // For the hand-over of builds; who is still here then does not end by itself.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (OperatingSystem.IsWindows())
        {
            // There the host puts its workers into a job object, which ends with it.
            return;
        }

        var parent = GetParent();
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            // Orphans become children of another process.
            if (GetParent() != parent)
            {
                Log.ParentGone(logger, parent);
                // Not awaited: the worker's end waits for this service's.
                _ = ExitAsync();
                lifetime.StopApplication();
                return;
            }
        }
    }

    private async Task ExitAsync()
    {
        await Task.Delay(Patience, time);
        Environment.Exit(1);
    }

    [DllImport("libc", EntryPoint = "getppid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetParent();

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The host (process {Parent}) is gone: this worker ends too")]
        public static partial void ParentGone(ILogger logger, int parent);
    }
}
