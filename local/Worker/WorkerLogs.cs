using System.Collections.Concurrent;
using Ci.Local.Worker.Protocol;
using Microsoft.Extensions.Logging;

namespace Ci.Local.Worker;

/// <summary>A line that the app logged in its worker.</summary>
/// <param name="Event">The event's name or number, as far as it has one.</param>
/// <param name="Message">The text; of what was logged, no other values come over.</param>
internal sealed record WorkerLogLine(string Event, string Message)
{
    public override string ToString() => Message;
}

/// <summary>Logs in this process what the worker logs in its own, under the same category, level and event.</summary>
internal sealed class WorkerLogs(ILoggerFactory loggers)
{
    private readonly ConcurrentDictionary<string, ILogger> _loggers = new();

    public void Write(RpcLog log)
    {
        if ((log.LogCategory != RpcLog.Types.RpcLogCategory.User && log.Level < RpcLog.Types.Level.Warning) || IsFailedCall(log))
        {
            // What the worker's own machinery does; and the failure of a call, which the host tells itself.
            return;
        }

        var exception = log.Exception is { Message: { Length: > 0 } text } ? new WorkerLoggedException(text) : null;
        var id = int.TryParse(log.EventId, out var number) ? new EventId(number)
            : new EventId(0, log.EventId.Length > 0 ? log.EventId : null);
        var logger = _loggers.GetOrAdd(log.Category, loggers.CreateLogger);
        if (logger.IsEnabled((LogLevel)log.Level))
        {
            logger.Log((LogLevel)log.Level, id, new WorkerLogLine(log.EventId, log.Message), exception, static (line, _) => line.Message);
        }
    }

    private static bool IsFailedCall(RpcLog log) =>
        log is { EventId: "InvocationError", Category: "Microsoft.Azure.Functions.Worker.FunctionsApplication" };

    /// <summary>An exception that was logged in the worker: its type, message and stack trace as one text.</summary>
    private sealed class WorkerLoggedException(string text) : Exception(text)
    {
        public override string ToString() => Message;
    }
}
