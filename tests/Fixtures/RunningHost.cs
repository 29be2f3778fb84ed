using System.Globalization;

namespace Ci.Tests.Fixtures;

/// <summary>The local host as a process of its own, as a user runs it.</summary>
public sealed class RunningHost : IAsyncDisposable
{
    private readonly RunningProcess _process;

    private RunningHost(RunningProcess process, Uri url)
    {
        _process = process;
        Url = url;
    }

    public Uri Url { get; }

    public string Output => _process.Output;

    public static async Task<RunningHost> StartAsync(IReadOnlyDictionary<string, string?> settings, params string[] options)
    {
        var port = Parts.FreePort();
        var process = Start(port, settings, options);
        var host = new RunningHost(process, new Uri($"http://localhost:{port}/"));
        await Parts.UntilAsync(
            async () => process.HasExited || await Parts.AnswersAsync(host.Url.ToString()), "the host", onTimeout: () => process.Output);
        Assert.False(process.HasExited, process.Output);
        return host;
    }

    /// <summary>Starts it without waiting; for a host that is expected to refuse.</summary>
    public static RunningProcess Start(int port, IReadOnlyDictionary<string, string?> settings, params string[] options) => RunningProcess.Start(
        Parts.Find("dotnet") ?? "dotnet",
        [Path.Combine(AppContext.BaseDirectory, "Ci.Local.dll"), "--port", port.ToString(CultureInfo.InvariantCulture), "--script-root", AppContext.BaseDirectory, .. options],
        settings);

    public Task<int> StopAsync() => _process.StopAsync();

    public Task KillAsync() => _process.KillAsync();

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
