using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>Builds that need a password or a secret get it, and nobody else does.</summary>
public sealed class PrivateTests(Azurite azurite, DockerEngine engine, DockerRegistry open)
{
    private const string Value = "the value that only some builds get";

    [Fact]
    public async Task A_registry_with_TLS_of_ones_own_takes_images_and_merges()
    {
        await using var registry = new DockerRegistry { AsksForPassword = true, HasTls = true };
        await using var scenario = await StartAsync(registry, ("Registry__CaPath", registry.CaPath));

        var build = await scenario.OpenAsync(scenario.Files("over TLS"));
        var merged = await scenario.MergeAsync(build.PullRequest);

        Assert.Equal(("succeeded", "succeeded"), (build.State, merged.State));
    }

    [Theory]
    [InlineData("BuildKit")]
    [InlineData("Classic")]
    public async Task A_registry_with_a_password_whose_authority_the_engine_knows_gives_bases_and_takes_images(string builder)
    {
        await using var registry = Elsewhere();
        await registry.StartAsync();
        await using var knowing = new DockerEngine { Trusts = registry };
        await using var scenario = await StartAsync(knowing, registry, ("Registry__CaPath", registry.CaPath), ("Docker__Builder", builder));
        var first = await scenario.OpenAsync(scenario.Files("beneath"));
        await knowing.EmptyCacheAsync();
        var left = await knowing.ImageNamesAsync();

        var above = await scenario.OpenAsync(Above(scenario, first.Images[0].Reference));
        var merged = await scenario.MergeAsync(above.PullRequest);

        Assert.True(above.State == "succeeded", above.Summary);
        Assert.Equal(("succeeded", "succeeded"), (first.State, merged.State));
        // What was beneath came from the registry, and not out of what the engine had.
        Assert.Equal([DockerEngine.BaseImage], left);
    }

    [Theory]
    [InlineData("BuildKit")]
    [InlineData("Classic")]
    public async Task A_registry_whose_authority_the_engine_does_not_know_is_named_with_the_place_for_it(string builder)
    {
        await using var registry = Elsewhere();
        await using var scenario = await StartAsync(engine, registry, ("Registry__CaPath", registry.CaPath), ("Docker__Builder", builder));

        var pushed = await scenario.OpenAsync(scenario.Files("x"));
        var above = await scenario.OpenAsync(Above(scenario, $"{registry.Address}/some/base:1"));

        Assert.Contains($"/etc/docker/certs.d/{registry.Address}/ca.crt", pushed.Summary, StringComparison.Ordinal);
        Assert.Contains($"/etc/docker/certs.d/{registry.Address}/ca.crt", above.Summary, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("BuildKit")]
    [InlineData("Classic")]
    public async Task A_private_base_is_pulled_and_the_image_pushed_with_a_login(string builder)
    {
        await using var registry = new DockerRegistry { AsksForPassword = true };
        await using var scenario = await StartAsync(registry, ("Docker__Builder", builder));
        var first = await scenario.OpenAsync(scenario.Files("on what is private"));

        var above = await scenario.OpenAsync(Above(scenario, first.Images[0].Reference));
        var merged = await scenario.MergeAsync(above.PullRequest);

        Assert.True(above.State == "succeeded", above.Summary);
        Assert.Equal(("succeeded", "succeeded"), (above.State, merged.State));
        Assert.DoesNotContain(DockerRegistry.Password, await scenario.LogAsync(above.Id), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_is_mounted_and_is_in_no_log_and_no_layer()
    {
        await using var scenario = await StartAsync("*");

        var build = await scenario.OpenAsync(WithSecret(scenario));

        Assert.Equal("succeeded", build.State);
        Assert.Equal(
            Value.Length.ToString(System.Globalization.CultureInfo.InvariantCulture),
            (await engine.PullAndRunAsync(build.Images[0].Reference)).Trim());
        Assert.Contains("it is ***", await scenario.LogAsync(build.Id), StringComparison.Ordinal);
        Assert.DoesNotContain(Value, await scenario.LogAsync(build.Id), StringComparison.Ordinal);
        await engine.RunAsync("pull", "--quiet", build.Images[0].Reference);
        Assert.DoesNotContain(Value, await engine.RunAsync("history", "--no-trunc", build.Images[0].Reference), StringComparison.Ordinal);
        await engine.RunAsync("rmi", build.Images[0].Reference);
    }

    [Theory]
    [InlineData("somebody/else", "which this host does not have for sample/repository")]
    [InlineData("sample/*", null)]
    public async Task A_secret_is_for_the_repositories_that_the_setting_names(string repositories, string? refusal)
    {
        await using var scenario = await StartAsync(repositories);

        var build = await scenario.OpenAsync(WithSecret(scenario));

        Assert.Equal(refusal is null ? "succeeded" : "failed", build.State);
        Assert.Contains(refusal ?? "", build.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fork_gets_no_secret()
    {
        await using var scenario = await StartAsync("*", ("Forks__Build", "Always"));
        var (_, answer) = await scenario.OpenForkAsync(WithSecret(scenario));

        var build = await scenario.EndOfAsync(answer["id"]!.ToString());

        Assert.Equal("failed", build.State);
        Assert.Contains("which builds of forks do not get", build.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mount_that_dockerInfo_does_not_name_is_not_given()
    {
        await using var scenario = await StartAsync("*");
        var files = WithSecret(scenario);
        files["dockerInfo.json"] = $$"""{ "service_name": "{{scenario.ServiceName}}", "version": "1" }""";
        files["Dockerfile"] = $"FROM {DockerEngine.BaseImage}\nRUN --mount=type=secret,id=token,required=true cat /run/secrets/token\n";

        Assert.Equal("failed", (await scenario.OpenAsync(files)).State);
    }

    private static Dictionary<string, string> Above(CiScenario scenario, string image)
    {
        var files = scenario.Files("above");
        files["dockerInfo.json"] = $$"""{ "service_name": "{{scenario.ServiceName}}/above", "version": "1" }""";
        files["Dockerfile"] = $"FROM {image}\nRUN cat /says.txt > /again\n";
        return files;
    }

    /// <summary>A registry with TLS that is not on this machine's own address, where engines take every certificate.</summary>
    private static DockerRegistry Elsewhere()
    {
        var address = NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(card => card.GetIPProperties().UnicastAddresses.Select(own => own.Address))
            .FirstOrDefault(own => own.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(own));
        if (address is null || !OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess || TestEnvironment.Find("dockerd") is null)
        {
            TestEnvironment.SkipOrFail("This starts a Docker engine that trusts another authority, for which it needs Linux, root, "
                + "dockerd and an address beside 127.0.0.1.");
        }

        return new DockerRegistry { AsksForPassword = true, HasTls = true, Listens = address! };
    }

    private static Dictionary<string, string> WithSecret(CiScenario scenario)
    {
        var files = scenario.Files("x");
        files["dockerInfo.json"] = $$"""{ "service_name": "{{scenario.ServiceName}}", "version": "1", "secrets": ["token"] }""";
        files["Dockerfile"] = $"FROM {DockerEngine.BaseImage}\nENV ONCE={Guid.NewGuid():n}\nRUN --mount=type=secret,id=token echo "
            + "\"it is $(cat /run/secrets/token)\"; wc -c < /run/secrets/token > /length\nCMD [\"cat\", \"/length\"]\n";
        return files;
    }

    private Task<CiScenario> StartAsync(DockerRegistry registry, params (string Setting, string Value)[] more) =>
        StartAsync(engine, registry, more);

    private Task<CiScenario> StartAsync(DockerEngine builder, DockerRegistry registry, params (string Setting, string Value)[] more) =>
        CiScenario.StartAsync(
            azurite, builder, registry, new Dictionary<string, string?>(more.Select(s => KeyValuePair.Create(s.Setting, (string?)s.Value)))
        {
            ["Registry__Username"] = DockerRegistry.User,
            ["Registry__Password"] = DockerRegistry.Password,
        });

    private Task<CiScenario> StartAsync(string repositories, params (string Setting, string Value)[] more) =>
        CiScenario.StartAsync(
            azurite, engine, open, new Dictionary<string, string?>(more.Select(s => KeyValuePair.Create(s.Setting, (string?)s.Value)))
        {
            ["Secrets__token__Value"] = Value,
            ["Secrets__token__Repositories"] = repositories,
        });
}
