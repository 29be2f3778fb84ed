using System.Text.Json.Nodes;
using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>What a build may use of the machine, and what happens to one that wants more.</summary>
public sealed class LimitTests(Azurite azurite, DockerEngine engine, DockerRegistry registry)
{
    [Fact]
    public async Task A_step_runs_within_the_limits_and_with_no_rights()
    {
        await using var scenario = await StartAsync(("Docker__Memory", "123000000"), ("Docker__Cpus", "0.5"), ("Docker__Network", "none"));
        var marker = "m" + Guid.NewGuid().ToString("n");
        var id = await scenario.OpenWithoutWaitingAsync(scenario.SlowFiles("x", $"sleep 600 # {marker}"));
        var container = "";
        await TestEnvironment.UntilAsync(
            async () => (container = (await engine.RunAsync("ps", "--no-trunc", "--format", "{{.ID}} {{.Command}}"))
                .Split('\n').FirstOrDefault(line => line.Contains(marker, StringComparison.Ordinal))?.Split(' ')[0] ?? "").Length > 0,
            "the step's container",
            onTimeout: () => scenario.Host.Output);

        var host = JsonNode.Parse(await engine.RunAsync("inspect", "--format", "{{json .HostConfig}}", container))!;
        await scenario.PostAsync($"api/builds/{id}/cancel");
        await scenario.EndOfAsync(id);

        Assert.Equal((123000000L, 123000000L), (host["Memory"]!.GetValue<long>(), host["MemorySwap"]!.GetValue<long>()));
        Assert.Equal(0.5, host["CpuQuota"]!.GetValue<double>() / host["CpuPeriod"]!.GetValue<double>());
        Assert.Equal(("none", false), (host["NetworkMode"]!.ToString(), host["Privileged"]!.GetValue<bool>()));
        Assert.Null(host["CapAdd"]);
        Assert.Null(host["Binds"]);
        Assert.Empty(host["PidMode"]!.ToString());
    }

    [Fact]
    public async Task A_build_that_prints_without_end_is_stopped()
    {
        await using var scenario = await StartAsync(("Build__MaxOutputBytes", "100000"));

        var build = await scenario.OpenAsync(scenario.SlowFiles("x", "while true; do echo and on and on and on and on; done"));

        Assert.Equal("failed", build.State);
        Assert.Contains("Build__MaxOutputBytes", build.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_that_is_too_large_is_not_pushed()
    {
        await using var scenario = await StartAsync(("Image__MaxBytes", "4000000"));
        var files = scenario.SlowFiles("x", "dd if=/dev/zero of=/large bs=1000000 count=4");

        var build = await scenario.OpenAsync(files);

        Assert.Equal("failed", build.State);
        Assert.Contains("Image__MaxBytes", build.Summary, StringComparison.Ordinal);
        Assert.Null(await registry.DigestAsync(scenario.ServiceName, "sha-" + build.Commit[..12]));
    }

    [Theory]
    [InlineData("Docker__Network", "host")]
    [InlineData("Docker__Network", "container:web")]
    [InlineData("Forks__Network", "host")]
    public async Task The_hosts_network_cannot_be_given_to_a_build(string setting, string value)
    {
        await azurite.StartAsync();
        var settings = new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = azurite.NewAccount(),
            ["GitHub__WebhookSecret"] = CiScenario.Secret,
            [setting] = value,
        };
        await using var host = RunningHost.Start(TestEnvironment.FreePort(), settings);

        await host.WaitForExitAsync();

        Assert.Contains($"{setting} must be empty", host.Output, StringComparison.Ordinal);
    }

    private Task<CiScenario> StartAsync(params (string Name, string Value)[] settings) =>
        CiScenario.StartAsync(azurite, engine, registry, settings.ToDictionary(s => s.Name, s => (string?)s.Value));
}
