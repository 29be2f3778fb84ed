using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Compose;

/// <summary>docker-compose.yml brought up as a project of its own. The file is used as it is but for the published ports, which
/// may be taken here; a second file names the images, Azurite's program, the engine's socket and the registry's port.</summary>
internal sealed partial class ComposeStack : IAsyncDisposable
{
    private static readonly string[] Published = ["81:80", "10000:10000", "10001:10001", "10002:10002", "83:5000"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ci-compose-");
    private readonly string _project = "ci-compose-" + Guid.NewGuid().ToString("n")[..8];
    private readonly Dictionary<string, int> _ports = Published.ToDictionary(port => port, _ => TestEnvironment.FreePort());
    private readonly DockerEngine _engine;
    private readonly StandInImages _images;
    private string[] _compose = [];

    private ComposeStack(DockerEngine engine)
    {
        _engine = engine;
        _images = new StandInImages(engine, _folder.FullName, _project);
    }

    /// <summary>The functions' published port.</summary>
    public Uri Functions => new($"http://127.0.0.1:{_ports["81:80"]}/");

    /// <summary>The registry as the engine names it.</summary>
    public string Registry => $"localhost:{_ports["83:5000"]}";

    /// <summary>The functions' storage through the published ports.</summary>
    public string Storage =>
        $"DefaultEndpointsProtocol=http;{Account().Match(Shell.ReadFile("docker-compose.yml")).Value}"
        + $"BlobEndpoint=http://127.0.0.1:{_ports["10000:10000"]}/devstoreaccount1;"
        + $"QueueEndpoint=http://127.0.0.1:{_ports["10001:10001"]}/devstoreaccount1;"
        + $"TableEndpoint=http://127.0.0.1:{_ports["10002:10002"]}/devstoreaccount1;";

    /// <summary>Makes the images. Skips the test, or fails it in CI, where something for them is missing.</summary>
    public static async Task<ComposeStack> CreateAsync(DockerEngine engine)
    {
        var compose = await ComposeCommand.FindAsync();
        StandInImages.Check();
        await engine.StartAsync();
        if (!engine.Host.StartsWith("unix://", StringComparison.Ordinal))
        {
            TestEnvironment.SkipOrFail($"docker-compose.yml was not brought up: the engine at {engine.Host} has no socket to mount. "
                + "Set DOCKER_HOST to one like unix:///var/run/docker.sock.");
        }

        var stack = new ComposeStack(engine) { _compose = compose };
        try
        {
            await stack._images.MakeAsync();
            await stack.WriteFilesAsync();
            return stack;
        }
        catch
        {
            await stack.DisposeAsync();
            throw;
        }
    }

    /// <summary>An address of this machine that containers reach.</summary>
    public async Task<string> GatewayAsync() =>
        (await _engine.RunAsync("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}")).Trim();

    /// <summary>What <c>docker compose up</c> does; the settings are what a user would write into .env.</summary>
    public async Task UpAsync(params (string Name, string Value)[] settings)
    {
        try
        {
            await ComposeAsync(settings, "up", "--no-build", "--detach");
        }
        catch (InvalidOperationException e)
        {
            Assert.Fail(e.Message + await LogsAsync());
        }
    }

    /// <summary>Stops a container and leaves it, so that its end can be looked at.</summary>
    public Task StopAsync(string service) => ComposeAsync([], "stop", service);

    /// <summary>Without patience: Azurite waits for connections that are still open, and its data goes anyway.</summary>
    public Task DownAsync() => ComposeAsync([], "down", "--volumes", "--timeout", "1");

    /// <summary>A container's state as the engine tells it.</summary>
    public async Task<JsonNode> StateAsync(string service)
    {
        var id = Assert.Single(await IdsAsync("ps", "--all", "--filter", "label=com.docker.compose.service=" + service));
        return JsonNode.Parse(await _engine.RunAsync("inspect", "--format", "{{json .State}}", id))!;
    }

    public async Task HealthyAsync(string service)
    {
        var state = await StateAsync(service);
        await TestEnvironment.UntilAsync(
            async () => (state = await StateAsync(service))["Health"]!["Status"]!.GetValue<string>() == "healthy",
            service + " to be healthy",
            onTimeout: () => state.ToJsonString());
    }

    /// <summary>What the containers and their health checks said, for the message of a test that fails.</summary>
    public async Task<string> LogsAsync()
    {
        return await ComposeAsync([], "logs", "--no-color", "--tail", "20")
            + await _engine.RunAsync(["inspect", "--format", "{{.Name}} {{json .State}}", .. await IdsAsync("ps", "--all")]);
    }

    /// <summary>The ids of all that the engine has of the project: containers, networks, volumes.</summary>
    public async Task<string[]> LeftAsync() =>
    [
        .. await IdsAsync("ps", "--all"),
        .. await IdsAsync("network", "ls"),
        .. await IdsAsync("volume", "ls"),
    ];

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Override) && (await LeftAsync()).Length > 0)
        {
            await DownAsync();
        }

        await _images.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private string Base => Path.Combine(_folder.FullName, "docker-compose.yml");

    private string Override => Path.Combine(_folder.FullName, "override.yml");

    private string Settings => Path.Combine(_folder.FullName, ".env");

    /// <summary>The ids of the project's own that one of docker's lists has.</summary>
    private async Task<string[]> IdsAsync(params string[] list) =>
        (await _engine.RunAsync([.. list, "--quiet", "--filter", "label=com.docker.compose.project=" + _project])).Split(
            '\n', StringSplitOptions.RemoveEmptyEntries);

    private async Task WriteFilesAsync()
    {
        var text = Shell.ReadFile("docker-compose.yml");
        foreach (var (port, free) in _ports)
        {
            var (published, own) = ($"\"127.0.0.1:{port}\"", $"\"127.0.0.1:{free}:{port.Split(':')[1]}\"");
            Assert.Equal(2, text.Split(published).Length);
            text = text.Replace(published, own, StringComparison.Ordinal);
        }

        await File.WriteAllTextAsync(Base, text);
        await File.WriteAllTextAsync(Settings, "");
        await File.WriteAllTextAsync(Override, $"""
            services:
              functions:
                image: {_images.Functions}
                environment:
                  Registry__Address: {Registry}
                volumes:
                  - {_engine.Host["unix://".Length..]}:/var/run/docker.sock
              azurite:
                image: {_images.Azurite}
                volumes:
                  - {StandInImages.AzuriteVolume}
              registry:
                image: {_images.Registry}

            """);
    }

    /// <summary>Runs compose with the given settings alone: neither a user's .env nor the environment turns on a tunnel.</summary>
    private async Task<string> ComposeAsync((string Name, string Value)[] settings, params string[] arguments)
    {
        await File.WriteAllLinesAsync(Settings, settings.Select(setting => $"{setting.Name}={setting.Value}"));
        var environment = Variable().Matches(Shell.ReadFile("docker-compose.yml")).Select(match => match.Groups["name"].Value)
            .Concat(["COMPOSE_PROFILES", "COMPOSE_FILE"]).Distinct().ToDictionary(name => name, _ => (string?)null);
        environment["DOCKER_HOST"] = _engine.Host;
        await using var compose = RunningProcess.Start(
            TestEnvironment.Find(_compose[0])!,
            [.. _compose[1..], "--project-name", _project, "--project-directory", _folder.FullName,
             "--env-file", Settings, "-f", Base, "-f", Override, .. arguments],
            environment);
        return await compose.WaitForExitAsync() == 0 ? compose.Output
            : throw new InvalidOperationException($"compose {arguments[0]} ended with {compose.ExitCode}:\n{compose.Output}");
    }

    [GeneratedRegex("AccountName=[^;]+;AccountKey=[^;]+;")]
    private static partial Regex Account();

    [GeneratedRegex(@"\$\{(?<name>\w+)")]
    private static partial Regex Variable();
}
