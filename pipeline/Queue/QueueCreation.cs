using Azure;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Ci.Pipeline.Queue;

/// <summary>Creates the queue when the program starts: a queue trigger does not, and the Functions host warns at each look into one
/// that is not there. Storage may come later than this program.</summary>
internal sealed partial class QueueCreation(BuildQueue queue, TimeProvider time, ILogger<QueueCreation> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await queue.CreateAsync(stoppingToken);
                return;
            }
            catch (Exception e) when (e is RequestFailedException or AggregateException)
            {
                Log.NotCreated(logger, e.Message.Split('\n')[0]);
                await Task.Delay(Pause, time, stoppingToken);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Queue builds cannot be created yet: {Reason}")]
        public static partial void NotCreated(ILogger logger, string reason);
    }
}
