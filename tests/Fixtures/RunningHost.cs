using System.Globalization;

namespace Ci.Tests.Fixtures;

/// <summary>The app in the local host, each a process of its own, as a user runs it.</summary>
public sealed class RunningHost : IAsyncDisposable
{
    private readonly RunningProcess _process;
    private int _forgotten;

    private RunningHost(RunningProcess process, Uri url)
    {
        _process = process;
        Url = url;
    }

    /// <summary>Settings of a host that has storage, and nothing that answers as GitHub, engine and registry.</summary>
    public static Dictionary<string, string?> SettingsAlone(string storage, params (string Name, string? Value)[] more)
    {
        var settings = new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = storage,
            ["GitHub__WebhookSecret"] = EndToEnd.CiScenario.Secret,
            ["GitHub__ApiUrl"] = "http://127.0.0.1:1",
            ["Docker__Host"] = "tcp://127.0.0.1:1",
            ["Registry__Address"] = "localhost:1",
            ["Api__Key"] = EndToEnd.CiScenario.Key,
        };
        foreach (var (name, value) in more)
        {
            settings[name] = value;
        }

        return settings;
    }

    public Uri Url { get; }

    public int ProcessId => _process.Id;

    /// <summary>The process of the worker that runs now.</summary>
    public int WorkerProcessId => RunningProcess.ChildrenOf(_process.Id).Single();

    /// <summary>What it has printed, since <see cref="ForgetOutput"/>.</summary>
    public string Output => _process.Output[_forgotten..];

    public bool HasExited => _process.HasExited;

    public static async Task<RunningHost> StartAsync(IReadOnlyDictionary<string, string?> settings, params string[] options)
    {
        var port = TestEnvironment.FreePort();
        var process = Start(port, settings, options);
        var host = new RunningHost(process, new Uri($"http://localhost:{port}/"));
        await process.ReadyAsync(() => TestEnvironment.AnswersAsync(host.Url.ToString()), "the host");
        return host;
    }

    /// <summary>Starts it without waiting; for a host that is expected to refuse.</summary>
    public static RunningProcess Start(int port, IReadOnlyDictionary<string, string?> settings, params string[] options) =>
        RunningProcess.Start(
        TestEnvironment.Find("dotnet") ?? "dotnet",
        [Path.Combine(AppContext.BaseDirectory, "Ci.Local.dll"), "--port", port.ToString(CultureInfo.InvariantCulture),
         "--app", BuiltApp.Folder, "--script-root", AppContext.BaseDirectory, .. options],
        settings);

    /// <summary>What it has printed so far is no longer in <see cref="Output"/>.</summary>
    public void ForgetOutput() => _forgotten = _process.Output.Length;

    public Task<int> StopAsync() => _process.StopAsync();

    /// <summary>Waits until it has ended, and all it has printed is there; returns its exit code.</summary>
    public Task<int> WaitForExitAsync() => _process.WaitForExitAsync();

    /// <summary>Ends host and worker at once, as the machine's end would.</summary>
    public Task KillAsync() => _process.KillAsync();

    /// <summary>Ends the host at once, and leaves its worker to itself.</summary>
    public Task KillHostAloneAsync() => _process.KillAsync(withChildren: false);

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
