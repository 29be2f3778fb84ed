using System.Text;
using System.Text.Json.Nodes;
using Azure.Storage.Queues;
using Ci.StandIn;
using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>What people do by hand: cancel, rebuild, look at what was given up, and replay it.</summary>
public sealed class ActionTests(Azurite azurite, DockerEngine engine, DockerRegistry registry)
{
    private static readonly Dictionary<string, string?> OneTry = new()
    {
        ["AzureFunctionsJobHost__extensions__queues__maxDequeueCount"] = "1",
        ["Build__MaxAttempts"] = "1",
    };

    [Fact]
    public async Task A_running_build_is_cancelled_and_built_anew_when_asked()
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry);
        var barrier = new BuildBarrier(engine);
        var id = await scenario.OpenWithoutWaitingAsync(scenario.SlowFiles("x", barrier.Step("echo begun")));
        await scenario.UntilLoggedAsync(id, "begun");

        var (cancelled, _) = await scenario.PostAsync($"api/builds/{id}/cancel");
        var stopped = await scenario.BuildAsync(id);
        await barrier.ReleaseAsync();
        var (rebuilt, _) = await scenario.PostAsync($"api/builds/{id}/rebuild");
        var ended = await scenario.EndOfAsync(id);

        Assert.Equal((200, "cancelled", 200, "succeeded"), (cancelled, stopped.State, rebuilt, ended.State));
    }

    [Fact]
    public async Task What_has_ended_cannot_be_cancelled_and_what_runs_cannot_be_rebuilt()
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry);
        var ended = await scenario.OpenAsync(scenario.Files("x"));
        var running = await scenario.OpenWithoutWaitingAsync(scenario.SlowFiles("x", "echo begun && sleep 600"));

        var (cancel, why) = await scenario.PostAsync($"api/builds/{ended.Id}/cancel");
        var (rebuild, _) = await scenario.PostAsync($"api/builds/{running}/rebuild");
        var (unknown, _) = await scenario.PostAsync("api/builds/aaaaaaaaaaaaaaaaaaaaaaaaaa/cancel");

        Assert.Equal((409, 409, 404), (cancel, rebuild, unknown));
        Assert.Contains("it has ended as succeeded", why["error"]!.ToString(), StringComparison.Ordinal);
        await scenario.PostAsync($"api/builds/{running}/cancel");
    }

    [Fact]
    public async Task An_old_commit_is_not_rebuilt_over_a_newer_one()
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry);
        var first = await scenario.OpenAsync(scenario.Files("first"));
        var second = await scenario.PushAsync(first.PullRequest, scenario.Files("second"));

        var (status, answer) = await scenario.PostAsync($"api/builds/{first.Id}/rebuild");

        Assert.Equal(409, status);
        Assert.Contains("something newer", answer["error"]!.ToString(), StringComparison.Ordinal);
        Assert.Equal(second.Images[0].Digest, await registry.DigestAsync(scenario.ServiceName, $"pr-{first.PullRequest}"));
    }

    [Fact]
    public async Task A_redelivery_rebuilds_what_failed()
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry, new Dictionary<string, string?>(OneTry));
        foreach (var _ in Enumerable.Range(0, 3))
        {
            scenario.GitHub.Faults.Enqueue(new StandInFault { Path = "/repos/sample/repository/tarball", Status = 503 });
        }

        var build = await scenario.OpenAsync(scenario.Files("x"));
        var (status, _) = await scenario.RedeliverLastAsync();
        var again = await scenario.EndOfAsync(build.Id);

        Assert.Equal(("error", 202, "succeeded"), (build.State, status, again.State));
    }

    [Fact]
    public async Task A_message_that_was_given_up_says_why_and_can_be_replayed()
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry, new Dictionary<string, string?>(OneTry));
        foreach (var _ in Enumerable.Range(0, 3))
        {
            scenario.GitHub.Faults.Enqueue(new StandInFault { Path = "/repos/sample/repository/tarball", Status = 503 });
        }

        var build = await scenario.OpenAsync(scenario.Files("x"));
        var letter = await scenario.DeadLetterAsync(l => l["build"]?["id"]?.ToString() == build.Id);
        var (replayed, _) = await scenario.PostAsync($"api/dead-letters/{letter["id"]}/replay");
        var ended = await scenario.EndOfAsync(build.Id);

        Assert.StartsWith(
            "Given up after 1 attempts: GitHub answered 503 (Server Error) when asked", letter["cause"]!.ToString(), StringComparison.Ordinal);
        Assert.Equal(("error", 200, "succeeded"), (build.State, replayed, ended.State));
        Assert.Equal(0, JsonNode.Parse(await scenario.GetAsync("api/dead-letters"))!["count"]!.GetValue<int>());
    }

    public static TheoryData<string, string> Unreadable => new()
    {
        { "not base64 at all!", "not base64" },
        { Convert.ToBase64String(Encoding.UTF8.GetBytes("""{ "version": 99, "buildId": "x" }""")), "no build request" },
        { Convert.ToBase64String(Encoding.UTF8.GetBytes("hello")), "no build request" },
    };

    [Theory]
    [MemberData(nameof(Unreadable))]
    public async Task A_message_that_nobody_can_read_is_kept_and_explained(string text, string words)
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry, new Dictionary<string, string?>(OneTry));
        var queue = new QueueClient(scenario.Storage, "builds");
        await queue.CreateIfNotExistsAsync(cancellationToken: TestContext.Current.CancellationToken);
        await queue.SendMessageAsync(text, TestContext.Current.CancellationToken);

        var letter = await scenario.DeadLetterAsync(_ => true);
        var (status, _) = await scenario.PostAsync($"api/dead-letters/{letter["id"]}/replay");
        var kept = await scenario.DeadLetterAsync(l => l["id"]!.ToString() == letter["id"]!.ToString());

        Assert.Contains(words, letter["cause"]!.ToString(), StringComparison.Ordinal);
        Assert.Equal(409, status);
        Assert.NotEmpty(kept["text"]!.ToString());
    }
}
