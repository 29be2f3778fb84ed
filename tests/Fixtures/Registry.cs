using Ci.Pipeline.Image;

namespace Ci.Tests.Fixtures;

/// <summary>The real registry, <c>docker-registry</c>, with its storage in a temporary folder.</summary>
public sealed class Registry : LazyPart
{
    private readonly int _port = Parts.FreePort();
    private RunningProcess? _process;

    /// <summary>The name in image references.</summary>
    public string Address => $"localhost:{_port}";

    public Uri Url => new($"http://127.0.0.1:{_port}/");

    public async Task<string?> DigestAsync(string name, string tag)
    {
        using var http = new HttpClient { BaseAddress = Url };
        return (await new RegistryClient(http).FindAsync(name, tag, TestContext.Current.CancellationToken))?.Digest;
    }

    protected override async Task StartPartAsync()
    {
        if (Parts.Find("docker-registry") is not { } program)
        {
            Parts.SkipOrFail("The registry is not installed: apt-get install docker-registry (test.sh does, as root).");
            return;
        }

        var config = Path.Combine(Folder, "config.yml");
        await File.WriteAllTextAsync(config, $$"""
            version: 0.1
            log: { level: error }
            storage: { filesystem: { rootdirectory: {{Folder}}/data }, delete: { enabled: true } }
            http: { addr: "127.0.0.1:{{_port}}" }
            """);
        _process = RunningProcess.Start(program, ["serve", config]);
        await Parts.UntilAsync(() => Parts.AnswersAsync($"{Url}v2/"), "the registry", onTimeout: () => _process.Output);
    }

    protected override async ValueTask StopPartAsync()
    {
        if (_process is not null)
        {
            // Its data is gone with the tests, and it would wait for connections that are still open.
            await _process.KillAsync();
            await _process.DisposeAsync();
        }
    }
}
