using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>An engine on another machine is reached with TLS on both sides, by the variables that the docker command line reads.</summary>
public sealed class RemoteEngineTests(Azurite azurite, DockerRegistry registry) : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ci-certs-");
    private DockerEngine? _engine;

    public async ValueTask DisposeAsync()
    {
        if (_engine is not null)
        {
            await _engine.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("BuildKit")]
    [InlineData("Classic")]
    public async Task With_DOCKER_HOST_and_certificates_a_pull_request_is_built_there(string builder)
    {
        var engine = await StartEngineAsync();
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry, new Dictionary<string, string?>
        {
            ["Docker__Builder"] = builder,
            ["Docker__Host"] = null,
            ["DOCKER_HOST"] = engine.Host,
            ["DOCKER_TLS_VERIFY"] = "1",
            ["DOCKER_CERT_PATH"] = _folder.FullName,
        });

        var build = await scenario.OpenAsync(scenario.Files("from afar"));

        Assert.True(build.State == "succeeded", build.Summary + scenario.Host.Output);
        Assert.Equal("from afar", await engine.PullAndRunAsync(build.Images[0].Reference));
    }

    [Fact]
    public async Task An_engine_that_another_authority_vouches_for_is_not_talked_to()
    {
        var engine = await StartEngineAsync();
        var other = Directory.CreateTempSubdirectory("ci-certs-");
        Certificates.Write(other.FullName);
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry, new Dictionary<string, string?>
        {
            ["Docker__CertPath"] = other.FullName,
            ["Build__MaxAttempts"] = "1",
            ["AzureFunctionsJobHost__extensions__queues__maxDequeueCount"] = "1",
        });

        var build = await scenario.OpenAsync(scenario.Files("x"));
        other.Delete(recursive: true);

        Assert.Equal("error", build.State);
        Assert.Contains($"The Docker engine at {engine.Host}", build.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_files_nothing_starts_and_they_are_named()
    {
        await using var host = RunningHost.Start(TestEnvironment.FreePort(), new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = "UseDevelopmentStorage=true",
            ["GitHub__WebhookSecret"] = CiScenario.Secret,
            ["Docker__Host"] = "tcp://127.0.0.1:1",
            ["Docker__CertPath"] = "/nowhere/at/all",
        });

        await host.WaitForExitAsync();

        Assert.Contains("/nowhere/at/all", host.Output, StringComparison.Ordinal);
        Assert.Contains("ca.pem, cert.pem and key.pem", host.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", host.Output, StringComparison.Ordinal);
    }

    private async Task<DockerEngine> StartEngineAsync()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess || TestEnvironment.Find("dockerd") is null)
        {
            TestEnvironment.SkipOrFail("This starts a Docker engine with TLS of its own, for which it needs Linux, root and dockerd.");
        }

        Certificates.Write(_folder.FullName);
        _engine = new DockerEngine { Certificates = _folder.FullName };
        await _engine.StartAsync();
        return _engine;
    }
}
