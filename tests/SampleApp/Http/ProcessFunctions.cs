using Azure.Storage.Queues;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Ci.SampleApp.Http;

/// <summary>HTTP functions that do something to their process, or beyond it.</summary>
public sealed partial class ProcessFunctions(IConfiguration settings, ILogger<ProcessFunctions> logger)
{
    /// <summary>Ends its process on the spot.</summary>
    [Function("Crash")]
    public static void Crash([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "crash")] HttpRequest request) =>
        Environment.FailFast("A function ended its process.");

    /// <summary>Logs on every level.</summary>
    [Function("Logs")]
    public void Logs([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "logs/{mark}")] HttpRequest request, string mark)
    {
        Log.AtTrace(logger, mark);
        Log.AtDebug(logger, mark);
        Log.AtInformation(logger, mark);
        Log.AtWarning(logger, mark);
        Log.AtError(logger, mark, new InvalidOperationException("the logged exception"));
        Log.AtCritical(logger, mark);
    }

    /// <summary>Prints to both outputs of its process.</summary>
    [Function("Prints")]
    public static async Task PrintsAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "prints/{mark}")] HttpRequest request, string mark)
    {
        await Console.Out.WriteLineAsync($"{mark} on standard output");
        await Console.Error.WriteLineAsync($"{mark} on standard error");
    }

    /// <summary>Puts the body onto a queue, as any program may.</summary>
    [Function("Send")]
    public async Task SendAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "send/{queue}")] HttpRequest request, string queue,
        CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(request.Body);
        var client = new QueueClient(
            settings["AzureWebJobsStorage"], queue, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        await client.SendMessageAsync(await reader.ReadToEndAsync(cancellationToken), cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Trace, "{Mark} at trace", EventName = "AtTrace")]
        public static partial void AtTrace(ILogger logger, string mark);

        [LoggerMessage(2, LogLevel.Debug, "{Mark} at debug", EventName = "AtDebug")]
        public static partial void AtDebug(ILogger logger, string mark);

        [LoggerMessage(3, LogLevel.Information, "{Mark} at information", EventName = "AtInformation")]
        public static partial void AtInformation(ILogger logger, string mark);

        [LoggerMessage(4, LogLevel.Warning, "{Mark} at warning", EventName = "AtWarning")]
        public static partial void AtWarning(ILogger logger, string mark);

        [LoggerMessage(5, LogLevel.Error, "{Mark} at error", EventName = "AtError")]
        public static partial void AtError(ILogger logger, string mark, Exception exception);

        [LoggerMessage(6, LogLevel.Critical, "{Mark} at critical", EventName = "AtCritical")]
        public static partial void AtCritical(ILogger logger, string mark);
    }
}
