using System.Net;
using System.Net.Sockets;
using Ci.StandIn;
using Ci.Tests.Faults;
using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>What a retry can cure is retried; what it cannot ends with a sentence; nothing is lost.</summary>
public sealed class FaultTests(Azurite azurite, DockerEngine engine, DockerRegistry registry)
{
    private const string Tarball = "/repos/sample/repository/tarball";

    public static TheoryData<string, int> PassingFaults => new()
    {
        { Tarball, 500 },
        { Tarball, 429 },
        { "/codeload", 0 },
    };

    [Theory]
    [MemberData(nameof(PassingFaults))]
    public async Task A_short_fault_of_github_is_waited_out(string path, int status)
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry);
        scenario.GitHub.Faults.Enqueue(Fault(path, status, retryAfter: 1));

        var build = await scenario.OpenAsync(scenario.Files("in the end"));

        Assert.Equal(("succeeded", true), (build.State, scenario.Tries(build) <= 2));
    }

    [Fact]
    public async Task A_longer_one_is_tried_again_later()
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry);
        foreach (var _ in Enumerable.Range(0, 3))
        {
            scenario.GitHub.Faults.Enqueue(Fault(Tarball, 502));
        }

        var build = await scenario.OpenAsync(scenario.Files("in the end"));

        Assert.Equal(("succeeded", 2), (build.State, scenario.Tries(build)));
    }

    [Fact]
    public async Task When_github_asks_to_wait_the_build_waits_in_the_queue_and_no_try_is_lost()
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry);
        scenario.GitHub.Faults.Enqueue(Fault(Tarball, 429, retryAfter: 12));

        var build = await scenario.OpenAsync(scenario.Files("in the end"));

        // How it waited is read afterwards: who is slow to look may miss it while it lasts.
        Assert.Contains("Waiting 12 s, as GitHub asks", await scenario.LogAsync(build.Id), StringComparison.Ordinal);
        Assert.Equal(("succeeded", 1), (build.State, scenario.Tries(build)));
    }

    private static StandInFault Fault(string path, int status, int? retryAfter = null) => new()
    {
        Path = path,
        Status = status,
        Headers = retryAfter is { } seconds
            ? new Dictionary<string, string> { ["retry-after"] = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture) } : [],
    };

    [Fact]
    public async Task A_wrong_token_is_failed_with_what_to_do()
    {
        await using var scenario = await CiScenario.StartAsync(
            azurite, engine, registry, new Dictionary<string, string?> { ["GitHub__Token"] = "wrong" });

        var build = await scenario.OpenAsync(scenario.Files("x"));

        Assert.Equal("failed", build.State);
        Assert.Contains("GitHub__Token", build.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_absent_engine_is_waited_for_and_in_the_end_an_error_that_names_it()
    {
        await using var scenario = await CiScenario.StartAsync(
            azurite, engine, registry,
            new Dictionary<string, string?> { ["Docker__Host"] = "unix:///tmp/no-engine-here.sock", ["Build__MaxAttempts"] = "2" });

        var ended = await scenario.OpenAsync(scenario.Files("x"));

        Assert.Contains("Waiting for another try", await scenario.LogAsync(ended.Id), StringComparison.Ordinal);
        Assert.Equal(("error", 2), (ended.State, scenario.Tries(ended)));
        Assert.Contains("no-engine-here.sock does not answer", ended.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_is_stopped_hands_its_build_to_the_next()
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry);
        var barrier = new BuildBarrier(engine);

        var id = await scenario.OpenWithoutWaitingAsync(scenario.SlowFiles("survived", barrier.Step("echo begun")));
        await scenario.UntilLoggedAsync(id, "begun");
        Assert.Equal(0, await scenario.Host.StopAsync());
        await barrier.ReleaseAsync();
        await scenario.StartHostAsync();
        var build = await scenario.EndOfAsync(id);

        Assert.Equal("succeeded", build.State);
        Assert.Equal("survived", await engine.PullAndRunAsync(build.Images[0].Reference));
    }

    [Fact]
    public async Task A_registry_that_is_not_there_is_waited_for()
    {
        var nobody = $"localhost:{TestEnvironment.FreePort()}";
        await using var scenario = await CiScenario.StartAsync(
            azurite, engine, registry, new Dictionary<string, string?>
            {
                ["Registry__Address"] = nobody,
                ["Registry__Url"] = $"http://{nobody}",
                ["Build__MaxAttempts"] = "1",
            });

        var build = await scenario.OpenAsync(scenario.Files("x"));

        Assert.Equal("error", build.State);
        Assert.Contains(nobody, build.Summary, StringComparison.Ordinal);
    }

    public static TheoryData<string, DockerRegistry> RefusingRegistries => new()
    {
        { "no basic auth credentials", new DockerRegistry { AsksForPassword = true } },
        { "405", new DockerRegistry { IsReadOnly = true } },
    };

    [Theory(DisableDiscoveryEnumeration = true)]
    [MemberData(nameof(RefusingRegistries))]
    public async Task A_registry_that_refuses_is_failed_with_its_words_and_the_setting(string words, DockerRegistry refusing)
    {
        await using var itself = refusing;
        await using var scenario = await CiScenario.StartAsync(azurite, engine, refusing);

        var build = await scenario.OpenAsync(scenario.Files("x"));

        Assert.Equal(("failed", 1), (build.State, scenario.Tries(build)));
        Assert.Contains(words, build.Summary, StringComparison.Ordinal);
        Assert.Contains("Registry__Address", build.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_network_did_to_a_push_is_mended_by_pushing_again_without_building_again()
    {
        await registry.StartAsync();
        // Bound, so that nothing else can listen there, and not listening.
        using var nobody = new Socket(SocketType.Stream, ProtocolType.Tcp);
        nobody.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var target = nobody.LocalEndPoint!;
        await using var relay = new Relay(() => target);
        await using var scenario = await CiScenario.StartAsync(
            azurite, engine, registry, new Dictionary<string, string?> { ["Registry__Address"] = $"localhost:{relay.Port}" });

        var id = await scenario.OpenWithoutWaitingAsync(scenario.Files("pushed in the end"));
        await scenario.UntilLoggedAsync(id, "Pushing again in 1 s");
        target = new IPEndPoint(IPAddress.Loopback, registry.Url.Port);
        var build = await scenario.EndOfAsync(id);

        Assert.Equal(("succeeded", 1), (build.State, scenario.Tries(build)));
        Assert.Single((await scenario.LogAsync(id)).Split("Step 1/")[1..]);
    }

    [Theory]
    [InlineData("0", "COPY says.txt /says.txt")]
    [InlineData("1", "COPY says.txt /says.txt")]
    [InlineData("1", "COPY . /")]
    public async Task A_repository_four_times_as_large_as_the_hosts_memory_is_built(string listFrom, string copy)
    {
        // .NET's own limit on its heap: if anything kept the archive or the context, the host would end with an OutOfMemoryException.
        await using var scenario = await CiScenario.StartAsync(
            azurite, engine, registry,
            new Dictionary<string, string?> { ["DOTNET_GCHeapHardLimit"] = "2000000", ["Source__ListFrom"] = listFrom });
        var files = scenario.Files("still small");
        files["Dockerfile"] = files["Dockerfile"].Replace("COPY says.txt /says.txt", copy, StringComparison.Ordinal);

        var build = await scenario.OpenAsync(files, randomBytes: 128 << 20);

        Assert.Equal("succeeded", build.State);
        Assert.Equal("still small", await engine.PullAndRunAsync(build.Images[0].Reference));
    }

    [Fact]
    public async Task The_temporary_archive_goes_in_every_outcome()
    {
        var folder = Directory.CreateTempSubdirectory("ci-temp-");
        await using var scenario = await CiScenario.StartAsync(
            azurite, engine, registry, new Dictionary<string, string?> { ["Source__TempDirectory"] = folder.FullName });
        var broken = scenario.Files("x");
        broken["Dockerfile"] = "RNU";

        await scenario.OpenAsync(scenario.Files("x"));
        await scenario.OpenAsync(broken);

        Assert.Empty(folder.EnumerateFiles());
        folder.Delete();
    }
}
