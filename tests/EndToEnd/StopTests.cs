using System.Net.Sockets;
using Ci.Pipeline.Builds;
using Ci.Tests.Faults;
using Ci.Tests.Fixtures;
using Ci.Tests.Pages;

namespace Ci.Tests.EndToEnd;

/// <summary>What becomes of a build when its host or its worker is told to end, or dies.</summary>
public sealed class StopTests(Azurite azurite, DockerEngine engine, DockerRegistry registry)
{
    public enum Told
    {
        HostAlone,
        HostAndWorker,
        WorkerAlone,
    }

    [Theory]
    [InlineData(Told.HostAlone)]
    [InlineData(Told.HostAndWorker)]
    [InlineData(Told.WorkerAlone)]
    public async Task A_build_is_handed_over_by_whoever_is_told_to_end(Told told)
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry);
        // A host alone waits ten seconds for what runs.
        var id = await scenario.OpenWithoutWaitingAsync(
            scenario.SlowFiles("handed over", $"echo begun && sleep {(told == Told.HostAlone ? 20 : 5)}"));
        await scenario.UntilLoggedAsync(id, "begun");
        var worker = scenario.Host.WorkerProcessId;

        if (told != Told.HostAlone)
        {
            await RunningProcess.SignalAsync(worker, "TERM");
        }

        if (told != Told.WorkerAlone)
        {
            Assert.Equal(0, await scenario.Host.StopAsync());
        }

        await UntilGoneAsync(worker);
        if (told == Told.WorkerAlone)
        {
            await UntilReplacedAsync(scenario, worker);
        }
        else
        {
            await scenario.StartHostAsync();
        }

        var build = await scenario.EndOfAsync(id);
        Assert.Equal(("succeeded", 1), (build.State, scenario.Tries(build)));
        Assert.Contains("Interrupted: the host is stopping. The build begins anew.", await scenario.LogAsync(id), StringComparison.Ordinal);
        Assert.Equal("handed over", await engine.PullAndRunAsync(build.Images[0].Reference));
    }

    [Theory]
    [InlineData("BuildKit", false)]
    [InlineData("BuildKit", true)]
    [InlineData("Classic", false)]
    [InlineData("Classic", true)]
    public async Task The_hand_over_does_not_wait_for_the_engine(string builder, bool hangs)
    {
        await engine.StartAsync();
        await using var relay = new Relay(() => new UnixDomainSocketEndPoint(new Uri(engine.Host).LocalPath));
        await using var scenario = await CiScenario.StartAsync(
            azurite, engine, registry,
            new Dictionary<string, string?> { ["Docker__Host"] = $"tcp://127.0.0.1:{relay.Port}", ["Docker__Builder"] = builder });
        // The engine gives such a step ten seconds to end; the Functions host gives the worker five.
        var id = await scenario.OpenWithoutWaitingAsync(scenario.SlowFiles("left", "trap '' TERM && echo begun && sleep 30"));
        await scenario.UntilLoggedAsync(id, "begun");
        var worker = scenario.Host.WorkerProcessId;
        relay.Delay = hangs ? TimeSpan.FromHours(1) : TimeSpan.Zero;

        await RunningProcess.SignalAsync(worker, "TERM");
        Assert.Equal(0, await scenario.Host.StopAsync());
        await UntilGoneAsync(worker);

        var left = (await new Samples(scenario.Storage).Records.FindAsync(id, TestContext.Current.CancellationToken))!;
        Assert.Equal((BuildState.Queued, 0, null), (left.State, left.Attempts, left.Owner));
    }

    [Fact]
    public async Task A_worker_that_was_killed_is_replaced_and_its_build_goes_on()
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry);
        var id = await scenario.OpenWithoutWaitingAsync(scenario.SlowFiles("replaced", "echo begun && sleep 3"));
        await scenario.UntilLoggedAsync(id, "begun");
        var worker = scenario.Host.WorkerProcessId;

        await RunningProcess.SignalAsync(worker, "KILL");
        await UntilReplacedAsync(scenario, worker);

        var build = await scenario.EndOfAsync(id);
        // Its message comes back at once, or the build is taken up when its hold has run out.
        Assert.Equal(("succeeded", true), (build.State, build.Attempts >= 2 && scenario.Tries(build) <= 2));
        Assert.Equal("replaced", await engine.PullAndRunAsync(build.Images[0].Reference));
    }

    [Fact]
    public async Task The_queue_is_there_before_the_first_delivery()
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry);

        var queue = new Azure.Storage.Queues.QueueClient(scenario.Storage, "builds");
        await TestEnvironment.UntilAsync(async () => await queue.ExistsAsync(), "the queue", onTimeout: () => scenario.Host.Output);
    }

    /// <summary>What the worker was answering when it died fails; what comes later is the next one's.</summary>
    private static async Task UntilReplacedAsync(CiScenario scenario, int worker)
    {
        await UntilGoneAsync(worker);
        using var http = new HttpClient { BaseAddress = scenario.Host.Url };
        await TestEnvironment.UntilAsync(
            async () => (await http.GetAsync("api/sign-in")).IsSuccessStatusCode, "another worker", () => scenario.Host.Output);
    }

    private static Task UntilGoneAsync(int process) =>
        TestEnvironment.UntilAsync(() => Task.FromResult(!RunningProcess.IsThere(process)), $"process {process} to end");
}
