using System.Collections.Concurrent;
using Ci.Local;
using Ci.Local.Queues;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ci.Tests.Local;

/// <summary>The local host with functions of a test's own, in this process, on a free port.</summary>
public sealed class TestHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly LogSink _log;

    private TestHost(WebApplication app, LogSink log)
    {
        _app = app;
        _log = log;
        Http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    public HttpClient Http { get; }

    public IReadOnlyCollection<string> Log => _log.Lines;

    public static async Task<TestHost> StartAsync(
        Type[] functions,
        string hostJson = """{ "version": "2.0" }""",
        Dictionary<string, string?>? settings = null,
        Action<IServiceCollection>? services = null,
        QueueTimes? times = null)
    {
        var folder = Directory.CreateTempSubdirectory("ci-host-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "host.json"), hostJson);
            var log = new LogSink();
            var (app, _, _) = LocalHost.Build(new LocalHostOptions
            {
                Port = 0,
                ScriptRoot = folder.FullName,
                FunctionTypes = functions,
                Settings = settings ?? [],
                QueueTimes = times ?? new QueueTimes(),
                Configure = (collection, _) =>
                {
                    collection.AddLogging(logging => logging.ClearProviders().AddProvider(log));
                    services?.Invoke(collection);
                },
            });
            await app.StartAsync(TestContext.Current.CancellationToken);
            return new TestHost(app, log);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>What the host says to a person when it refuses to start.</summary>
    public static async Task<string> RefusalAsync(Type[] functions, string hostJson = """{ "version": "2.0" }""", Dictionary<string, string?>? settings = null)
    {
        var e = await Assert.ThrowsAsync<HostException>(async () => await (await StartAsync(functions, hostJson, settings)).DisposeAsync());
        return e.Message;
    }

    public Task StopAsync() => _app.StopAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
    }

    private sealed class LogSink : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public IReadOnlyCollection<string> Lines => _lines;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception?.Message}");

        public void Dispose()
        {
        }
    }
}
