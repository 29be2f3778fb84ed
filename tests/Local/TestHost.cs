using System.Collections.Concurrent;
using Ci.Local;
using Ci.Local.Queues;
using Ci.Local.Worker;
using Ci.Tests.Fixtures;
using Microsoft.Extensions.Logging;

namespace Ci.Tests.Local;

/// <summary>The local host in this process, on a free port, with the sample app as its worker.</summary>
public sealed class TestHost : IAsyncDisposable
{
    private readonly LocalHost _host;
    private readonly LogSink _log;
    private readonly DirectoryInfo _scriptRoot;
    private readonly SampleFolder? _ownSamples;

    private TestHost(LocalHost host, LogSink log, DirectoryInfo scriptRoot, SampleFolder samples, bool ownsSamples)
    {
        _host = host;
        _log = log;
        _scriptRoot = scriptRoot;
        Samples = samples;
        _ownSamples = ownsSamples ? samples : null;
        Http = new HttpClient { BaseAddress = host.Url, Timeout = TestEnvironment.Limit };
    }

    /// <summary>The built sample app.</summary>
    public static string App { get; } = Path.Combine(
        TestEnvironment.Root, "tests", "SampleApp",
        Path.GetRelativePath(Path.Combine(TestEnvironment.Root, "tests"), AppContext.BaseDirectory));

    public HttpClient Http { get; }

    public SampleFolder Samples { get; }

    public int WorkerProcessId => _host.WorkerProcessId;

    public IReadOnlyCollection<string> Log => _log.Lines;

    /// <summary>Starts a host that runs only the functions named.</summary>
    internal static async Task<TestHost> StartAsync(
        IReadOnlyList<string> functions,
        string hostJson = """{ "version": "2.0" }""",
        Dictionary<string, string?>? settings = null,
        QueueTimes? times = null,
        WorkerTimes? workerTimes = null,
        TimeProvider? time = null,
        SampleFolder? samples = null,
        string? app = null)
    {
        var folder = Directory.CreateTempSubdirectory("ci-host-");
        var shared = samples ?? new SampleFolder();
        var log = new LogSink();
        var all = new Dictionary<string, string?>(settings ?? []) { ["Samples__Folder"] = shared.Path };
        for (var i = 0; i < functions.Count; i++)
        {
            all[$"AzureFunctionsJobHost__functions__{i}"] = functions[i];
        }

        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "host.json"), hostJson);
            var host = await LocalHost.StartAsync(
                new LocalHostOptions
                {
                    Port = 0,
                    ScriptRoot = folder.FullName,
                    App = app ?? App,
                    Settings = all,
                    QueueTimes = times ?? new QueueTimes(),
                    WorkerTimes = workerTimes ?? new WorkerTimes(),
                    Time = time ?? TimeProvider.System,
                    Logging = logging => logging.AddProvider(log),
                },
                TestContext.Current.CancellationToken);
            return new TestHost(host, log, folder, shared, samples is null);
        }
        catch
        {
            folder.Delete(recursive: true);
            if (samples is null)
            {
                shared.Dispose();
            }

            throw;
        }
    }

    /// <summary>What the host says to a person when it refuses to start.</summary>
    internal static async Task<string> RefusalAsync(
        IReadOnlyList<string> functions, string hostJson = """{ "version": "2.0" }""", Dictionary<string, string?>? settings = null,
        SampleFolder? samples = null, WorkerTimes? workerTimes = null)
    {
        var e = await Assert.ThrowsAsync<HostException>(
            async () => await (await StartAsync(functions, hostJson, settings, samples: samples, workerTimes: workerTimes)).DisposeAsync());
        return e.Message;
    }

    public Task UntilLoggedAsync(string words) => TestEnvironment.UntilAsync(
        () => Task.FromResult(Log.Any(line => line.Contains(words, StringComparison.Ordinal))), $"the log to say '{words}'", () =>
            string.Join('\n', Log));

    public Task StopAsync() => _host.StopAsync(TestContext.Current.CancellationToken);

    public Task WaitForShutdownAsync() => _host.WaitForShutdownAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _host.DisposeAsync();
        _scriptRoot.Delete(recursive: true);
        _ownSamples?.Dispose();
    }

    private sealed class LogSink : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public IReadOnlyCollection<string> Lines => _lines;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
