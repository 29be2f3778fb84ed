using System.Collections;
using Microsoft.Extensions.Logging;

namespace Ci.Pipeline.Telemetry;

/// <summary>
/// Has every line that is logged within a trace say which trace it is. The message itself says so, for of what a worker logs
/// the Functions host prints the message and nothing else.
/// </summary>
internal sealed class TracedLogs(ILoggerFactory inner) : ILoggerFactory
{
    /// <summary>The name of the value that the trace's id has among a line's values.</summary>
    public const string Key = "TraceId";

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new TracedLogger(inner.CreateLogger(categoryName));

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    /// <inheritdoc/>
    public void Dispose() => inner.Dispose();

    private sealed class TracedLogger(ILogger inner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (BuildTelemetry.TraceId is { } trace && state is IReadOnlyList<KeyValuePair<string, object?>> values)
            {
                var message = new TracedMessage<TState>(state, values, trace, formatter);
                inner.Log(logLevel, eventId, message, exception, static (message, exception) => message.Say(exception));
            }
            else
            {
                inner.Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }

    /// <summary>A line's values with the trace's id before them; the last remains the template, where loggers look for it.</summary>
    private sealed class TracedMessage<TState>(
        TState state, IReadOnlyList<KeyValuePair<string, object?>> values, string trace, Func<TState, Exception?, string> formatter)
        : IReadOnlyList<KeyValuePair<string, object?>>
    {
        public int Count => values.Count + 1;

        public KeyValuePair<string, object?> this[int index] => index == 0 ? KeyValuePair.Create(Key, (object?)trace) : values[index - 1];

        public string Say(Exception? exception) => $"{formatter(state, exception)} [trace {trace}]";

        public override string ToString() => Say(null);

        public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => Enumerable.Range(0, Count).Select(index => this[index]).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
