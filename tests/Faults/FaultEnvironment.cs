using System.Net;
using Ci.StandIn;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Faults;

/// <summary>Parts of its own, each behind a relay, and two hosts: all of it may be stopped.</summary>
internal sealed class FaultEnvironment : IAsyncDisposable
{
    public const string Secret = "the fault harness's own secret";

    private readonly Azurite _azurite = new();
    private readonly DockerEngine _engine = new();
    private readonly DockerRegistry _registry = new();
    private readonly RunningHost?[] _hosts = new RunningHost?[2];
    private Relay[] _relays = [];
    private Dictionary<string, string?> _settings = [];

    private FaultEnvironment()
    {
    }

    public DockerEngine Engine => _engine;

    public DockerRegistry Registry => _registry;

    public GitHubStandIn GitHub { get; private set; } = null!;

    /// <summary>Storage without a relay, for looking at what is in it.</summary>
    public string Storage { get; private set; } = "";

    /// <summary>The registry's name in image references.</summary>
    public string RegistryAddress => $"localhost:{_relays[1].Port}";

    public DirectoryInfo Temporary { get; } = Directory.CreateTempSubdirectory("ci-faults-");

    public static async Task<FaultEnvironment> StartAsync()
    {
        var environment = new FaultEnvironment();
        await Task.WhenAll(environment._azurite.StartAsync(), environment._engine.StartAsync(), environment._registry.StartAsync());
        environment.GitHub = await GitHubStandIn.StartAsync(new GitHubStandInOptions { WebhookSecret = Secret, Token = "t" });
        environment.Storage = environment._azurite.NewAccount();
        environment.Connect();
        await Task.WhenAll(environment.StartHostAsync(0), environment.StartHostAsync(1));
        return environment;
    }

    /// <summary>Kills a host as a power cut does, and starts it again.</summary>
    public async Task KillHostAsync(int number)
    {
        if (Interlocked.Exchange(ref _hosts[number], null) is { } host)
        {
            await host.KillAsync();
            await host.DisposeAsync();
            await StartHostAsync(number);
        }
    }

    /// <summary>Stops a host as Ctrl-C does, and starts it again.</summary>
    public async Task StopHostAsync(int number)
    {
        if (Interlocked.Exchange(ref _hosts[number], null) is { } host)
        {
            await host.StopAsync();
            await host.DisposeAsync();
            await StartHostAsync(number);
        }
    }

    public Task RestartEngineAsync() => _engine.RestartAsync();

    public Task RestartRegistryAsync() => _registry.RestartAsync();

    public Task RestartStorageAsync() => _azurite.RestartAsync();

    public Task RestartGitHubAsync() => GitHub.RestartAsync();

    /// <summary>Cuts every connection to one of the parts.</summary>
    public void Cut(int number) => _relays[number % _relays.Length].Cut();

    /// <summary>Slows one of the parts down.</summary>
    public void Slow(int number, TimeSpan delay) => _relays[number % _relays.Length].Delay = delay;

    /// <summary>Sends a delivery to one of the hosts; 0 when it did not answer.</summary>
    public async Task<int> DeliverAsync(Guid delivery, int number)
    {
        if (Volatile.Read(ref _hosts[number]) is not { } host)
        {
            return 0;
        }

        try
        {
            return (await GitHub.RedeliverAsync(delivery, new Uri(host.Url, "/api/webhook"))).Status;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return 0;
        }
    }

    public string Output() => string.Join("\n----\n", _hosts.Select(host => host?.Output));

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts.OfType<RunningHost>())
        {
            await host.DisposeAsync();
        }

        await GitHub.DisposeAsync();
        foreach (var relay in _relays)
        {
            await relay.DisposeAsync();
        }

        await Task.WhenAll(_azurite.DisposeAsync().AsTask(), _engine.DisposeAsync().AsTask(), _registry.DisposeAsync().AsTask());
        Temporary.Delete(recursive: true);
    }

    private void Connect()
    {
        var engine = new System.Net.Sockets.UnixDomainSocketEndPoint(new Uri(_engine.Host).LocalPath);
        var ports = Azurite.Ports(Storage);
        _relays =
        [
            new Relay(() => engine),
            new Relay(() => Local(_registry.Url.Port)),
            new Relay(() => Local(GitHub.BaseUrl.Port)),
            .. ports.Select(port => new Relay(() => Local(port))),
        ];
        var storage = ports.Zip(_relays[3..]).Aggregate(
            Storage, (text, pair) => text.Replace($":{pair.First}/", $":{pair.Second.Port}/", StringComparison.Ordinal));
        _settings = new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = storage,
            ["Docker__Host"] = $"tcp://127.0.0.1:{_relays[0].Port}",
            ["Registry__Address"] = RegistryAddress,
            ["Registry__Url"] = $"http://{RegistryAddress}",
            ["GitHub__ApiUrl"] = $"http://127.0.0.1:{_relays[2].Port}",
            ["GitHub__Token"] = "t",
            ["GitHub__WebhookSecret"] = Secret,
            ["Source__TempDirectory"] = Temporary.FullName,
            // Faults come faster here than anywhere; nothing is to be given up because of that.
            ["Build__MaxAttempts"] = "100",
            ["AzureFunctionsJobHost__extensions__queues__maxDequeueCount"] = "100",
            ["AzureFunctionsJobHost__extensions__queues__visibilityTimeout"] = "00:00:02",
        };
    }

    private static IPEndPoint Local(int port) => new(IPAddress.Loopback, port);

    private async Task StartHostAsync(int number) =>
        Volatile.Write(ref _hosts[number], await RunningHost.StartAsync(_settings, "--hidden", "00:00:40"));
}
