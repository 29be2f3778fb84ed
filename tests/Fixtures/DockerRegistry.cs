using System.Net;
using System.Text;
using Ci.Pipeline.Registry;

namespace Ci.Tests.Fixtures;

/// <summary>The real registry, <c>docker-registry</c>, with its storage in a temporary folder.</summary>
public sealed class DockerRegistry : LazyPart
{
    private readonly int _port = TestEnvironment.FreePort();
    private RunningProcess? _process;

    /// <summary>Whether it refuses every push.</summary>
    internal bool IsReadOnly { private get; init; }

    /// <summary>Whether it lets in only <see cref="User"/> with <see cref="Password"/>.</summary>
    internal bool AsksForPassword { private get; init; }

    /// <summary>Whether it talks TLS, with a certificate that the authority in <see cref="CaPath"/> signed.</summary>
    internal bool HasTls { private get; init; }

    /// <summary>Where it listens. On this machine's own address an engine asks nothing of its certificate.</summary>
    internal IPAddress Listens { private get; init; } = IPAddress.Loopback;

    /// <summary>The authority that signed its certificate.</summary>
    public string CaPath => Path.Combine(Folder, "ca.pem");

    public const string User = "builder";

    public const string Password = "only for these tests";

    /// <summary>The name in image references.</summary>
    public string Address => $"{(IPAddress.IsLoopback(Listens) ? "localhost" : Listens)}:{_port}";

    public Uri Url => new($"{(HasTls ? "https" : "http")}://{Listens}:{_port}/");

    /// <summary>What <c>docker login</c> writes into its config.json.</summary>
    public string DockerConfig =>
        $$"""{ "auths": { "{{Address}}": { "auth": "{{Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}"))}}" } } }""";

    public async Task<string?> DigestAsync(string name, string tag)
    {
        using var http = new HttpClient { BaseAddress = Url };
        return (await new RegistryClient(http).FindAsync(name, tag, TestContext.Current.CancellationToken))?.Digest;
    }

    public async Task DeleteAsync(string name, string digest)
    {
        using var http = new HttpClient { BaseAddress = Url };
        using var answer = await http.DeleteAsync(
            new Uri($"v2/{name}/manifests/{digest}", UriKind.Relative), TestContext.Current.CancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Pushes an image of the engine's under a name, and returns that name with the registry before it.</summary>
    public async Task<string> PushAsync(DockerEngine engine, string image, string name)
    {
        var reference = $"{Address}/{name}";
        await engine.RunAsync("tag", image, reference);
        var config = Directory.CreateDirectory(Path.Combine(Folder, "docker")).FullName;
        await File.WriteAllTextAsync(Path.Combine(config, "config.json"), AsksForPassword ? DockerConfig : "{}");
        await engine.RunAsync("--config", config, "push", "--quiet", reference);
        await engine.RunAsync("rmi", "--no-prune", reference);
        return reference;
    }

    protected override async Task StartPartAsync()
    {
        if (TestEnvironment.Find("docker-registry") is not { } program)
        {
            TestEnvironment.SkipOrFail("The registry is not installed: apt-get install docker-registry (test.sh does, as root).");
            return;
        }

        var config = Path.Combine(Folder, "config.yml");
        await File.WriteAllTextAsync(config, $$"""
            version: 0.1
            log: { level: error }
            storage: { filesystem: { rootdirectory: {{Folder}}/data }, delete: { enabled: true }, maintenance: { readonly: { enabled: {{(IsReadOnly ? "true" : "false")}} } } }
            http: { addr: "{{Listens}}:{{_port}}"{{Tls()}} }
            {{await AuthAsync()}}
            """);
        _process = RunningProcess.Start(program, ["serve", config]);
        await _process.ReadyAsync(ListensAsync, "the registry");
    }

    private async Task<bool> ListensAsync()
    {
        using var client = new System.Net.Sockets.TcpClient();
        try
        {
            await client.ConnectAsync(Listens, _port);
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    private string Tls()
    {
        if (!HasTls)
        {
            return "";
        }

        Certificates.Write(Folder, Listens);
        return $", tls: {{ certificate: {Folder}/server-cert.pem, key: {Folder}/server-key.pem }}";
    }

    private async Task<string> AuthAsync()
    {
        if (!AsksForPassword)
        {
            return "";
        }

        // The registry reads bcrypt only; this is the hash of the password above.
        var file = Path.Combine(Folder, "htpasswd");
        await File.WriteAllTextAsync(file, $"{User}:$2b$04$NZui6RSCS2tMQ.8FcTxiXuwQsy4n4FktwUXszCh0SgyWlnrMbzHvy\n");
        return $"auth: {{ htpasswd: {{ realm: tests, path: {file} }} }}";
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
