using Azure.Storage.Queues;
using Ci.Pipeline.Text;
using Ci.StandIn;
using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>Hosts die, messages come twice: a build is built once, and within seconds.</summary>
public sealed class ReconcilerTests(Azurite azurite, DockerEngine engine, DockerRegistry registry)
{
    [Fact]
    public async Task A_build_whose_host_was_killed_is_taken_up_by_another_without_waiting_for_its_message()
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry);
        var barrier = new BuildBarrier(engine);
        var id = await scenario.OpenWithoutWaitingAsync(scenario.SlowFiles("survived", barrier.Step("echo begun")));
        await scenario.UntilLoggedAsync(id, "begun");

        await scenario.Host.KillAsync();
        await barrier.ReleaseAsync();
        await scenario.StartHostAsync();
        // Its message stays hidden for ten minutes, which is longer than anything is waited for.
        var build = await scenario.EndOfAsync(id);

        Assert.Equal(("succeeded", 1), (build.State, scenario.Tries(build)));
        Assert.Equal("survived", await engine.PullAndRunAsync(build.Images[0].Reference));
    }

    [Fact]
    public async Task A_message_that_comes_twice_at_once_is_built_once()
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry);
        await using var second = await scenario.StartSecondHostAsync();
        var barrier = new BuildBarrier(engine);
        var id = await scenario.OpenWithoutWaitingAsync(scenario.SlowFiles("once", barrier.Step("echo begun")));
        var queue = Queue(scenario);
        await queue.SendMessageAsync(await scenario.RecordedMessageAsync(id), TestContext.Current.CancellationToken);
        await queue.SendMessageAsync(await scenario.RecordedMessageAsync(id), TestContext.Current.CancellationToken);
        await barrier.ReleaseAsync();

        var build = await scenario.EndOfAsync(id);
        await TestEnvironment.UntilAsync(
            async () => (await queue.GetPropertiesAsync()).Value.ApproximateMessagesCount == 0, "an empty queue");

        Assert.Equal(("succeeded", 1), ((await scenario.BuildAsync(id)).State, scenario.Tries(build, second)));
    }

    [Fact]
    public async Task A_message_alone_gives_nobody_a_build()
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry);
        var built = await scenario.OpenAsync(scenario.Files("twice"));
        var message = await scenario.RecordedMessageAsync(built.Id);

        await scenario.ForgetRowsAsync();
        await Queue(scenario).SendMessageAsync(message, TestContext.Current.CancellationToken);
        await TestEnvironment.UntilAsync(
            async () => (await Queue(scenario).GetPropertiesAsync()).Value.ApproximateMessagesCount == 0, "an empty queue");

        Assert.Empty(await scenario.ListAsync(10));
    }

    [Theory]
    [InlineData("Build__TimeLimit", "took longer than")]
    [InlineData("Build__SilenceLimit", "Nothing was heard of a step for")]
    public async Task A_build_has_a_time_limit_and_so_has_a_silent_step(string setting, string words)
    {
        // What the step said before its end is kept. A slow machine needs a longer limit to get so far.
        BuildSeen build;
        var seconds = 4;
        do
        {
            await using var scenario = await CiScenario.StartAsync(
                azurite, engine, registry, new Dictionary<string, string?> { [setting] = TimeSpan.FromSeconds(seconds).ToString() });

            build = await scenario.OpenAsync(scenario.SlowFiles("x", "echo begun && sleep 600"));

            Assert.Equal(("failed", 1), (build.State, build.Attempts));
            Assert.Contains($"{words} {Format.Duration(TimeSpan.FromSeconds(seconds))}", build.Summary, StringComparison.Ordinal);
            Assert.Contains(setting, build.Summary, StringComparison.Ordinal);
            seconds *= 4;
        }
        while (!build.LogTail.Contains("begun") && seconds < TestEnvironment.Limit.TotalSeconds);

        Assert.Contains("begun", build.LogTail);
    }

    [Fact]
    public async Task GitHub_is_told_how_a_build_goes_and_how_it_ended()
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry);
        var broken = scenario.Files("x");
        broken["Dockerfile"] = "RNU";

        var built = await scenario.OpenAsync(scenario.Files("x"));
        var failed = await scenario.OpenAsync(broken);

        await TestEnvironment.UntilAsync(
            () => Task.FromResult(scenario.Statuses(built) is [.., var b] && b.StartsWith("success", StringComparison.Ordinal)
            && scenario.Statuses(failed) is [.., var f] && f.StartsWith("failure", StringComparison.Ordinal)),
            "the statuses");
        Assert.Equal("pending Fetching source", scenario.Statuses(built)[0]);
        Assert.Matches(
            $@"^success Pushed {scenario.ServiceName}:pr-{built.PullRequest} · \d+(\.\d)? [kM]?B · \d", scenario.Statuses(built)[^1]);
        Assert.Equal("failure Dockerfile line 1: unknown instruction: RNU", scenario.Statuses(failed)[^1]);
    }

    [Fact]
    public async Task What_github_was_not_told_for_it_was_away_it_is_told_later()
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry);
        // The first, that it runs, is let through; the end meets faults past all that is tried at once.
        foreach (var _ in Enumerable.Range(0, 6))
        {
            scenario.GitHub.Faults.Enqueue(new StandInFault { Path = "/repos/sample/repository/statuses", Status = 502 });
        }

        var build = await scenario.OpenAsync(scenario.Files("x"));

        await TestEnvironment.UntilAsync(
            () => Task.FromResult(scenario.Statuses(build) is [.., var last] && last.StartsWith("success ", StringComparison.Ordinal)),
            "the last status");
    }

    private static QueueClient Queue(CiScenario scenario) =>
        new(scenario.Storage, "builds", new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
}
