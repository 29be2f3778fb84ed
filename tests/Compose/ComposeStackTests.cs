using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Data.Tables;
using Azure.Storage.Queues;
using Ci.StandIn;
using Ci.Tests.EndToEnd;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Compose;

/// <summary>docker-compose.yml at work, seen from outside its containers.</summary>
public sealed class ComposeStackTests(DockerEngine engine) : IAsyncLifetime
{
    private const string Repository = "sample/repository";

    /// <summary>The default of docker-compose.yml, which is used here since no .env says otherwise.</summary>
    private const string Secret = "known-to-everyone-loopback-only";

    private readonly HttpClient _http = new() { DefaultRequestHeaders = { { "x-functions-key", EndToEnd.CiScenario.Key } } };
    private ComposeStack _stack = null!;
    private GitRepository _git = null!;
    private GitHubStandIn _gitHub = null!;

    public async ValueTask InitializeAsync()
    {
        _stack = await ComposeStack.CreateAsync(engine);
        _git = await GitRepository.CreateAsync();
        _gitHub = await GitHubStandIn.StartAsync(new GitHubStandInOptions
        {
            Address = IPAddress.Parse(await _stack.GatewayAsync()),
            WebhookSecret = Secret,
            WebhookUrl = new Uri(_stack.Functions, "/api/webhook"),
        });
        _gitHub.Add(Repository, _git);
    }

    public async ValueTask DisposeAsync()
    {
        await _stack.DisposeAsync();
        await _gitHub.DisposeAsync();
        _git.Dispose();
        _http.Dispose();
    }

    [Fact]
    public async Task Compose_up_makes_an_image_of_a_pull_request_and_compose_down_leaves_nothing()
    {
        await _stack.UpAsync(("Api__Key", EndToEnd.CiScenario.Key), ("GitHub__ApiUrl", _gitHub.BaseUrl.ToString()));
        await TheFunctionsStartedAfterAsync("azurite");
        await TheFunctionsStartedAfterAsync("registry");
        await _stack.HealthyAsync("functions");

        var id = await OpenPullRequestAsync("hello from a container");
        var build = await EndOfAsync(id);

        Assert.True(build.State == "succeeded", $"{build}\n{await _stack.LogsAsync()}");
        var image = Assert.Single(build.Images);
        Assert.Equal($"{_stack.Registry}/composed:pr-{build.PullRequest}", image.Reference);
        foreach (var tag in new[] { $"pr-{build.PullRequest}", "sha-" + build.Commit[..12] })
        {
            Assert.Equal("hello from a container", await engine.PullAndRunAsync($"{_stack.Registry}/composed:{tag}"));
        }

        await TheStorageIsReadableFromOutsideAsync(id);

        // 0 is the host's own code when it was told to end; 143 is that of a start script that was told as well, 137 docker's
        // for one that does not heed it.
        await _stack.StopAsync("functions");
        Assert.Equal(0, (await _stack.StateAsync("functions"))["ExitCode"]!.GetValue<int>());

        await _stack.DownAsync();
        Assert.Empty(await _stack.LeftAsync());
    }

    /// <summary>A health check of the service had passed by the time the functions were started.</summary>
    private async Task TheFunctionsStartedAfterAsync(string service)
    {
        var started = (await _stack.StateAsync("functions"))["StartedAt"]!.GetValue<DateTimeOffset>();
        var checks = (await _stack.StateAsync(service))["Health"]!["Log"]!.AsArray();

        Assert.Contains(checks, check => check!["ExitCode"]!.GetValue<int>() == 0 && check["End"]!.GetValue<DateTimeOffset>() < started);
    }

    private async Task<string> OpenPullRequestAsync(string says)
    {
        var commit = await _git.CommitAsync(
            "change",
            new Dictionary<string, string>
            {
                ["dockerInfo.json"] = """{ "service_name": "composed", "version": "0.1.0" }""",
                ["Dockerfile"] = $"FROM {DockerEngine.BaseImage}\nCOPY says.txt /says.txt\nCMD [\"cat\", \"/says.txt\"]\n",
                ["says.txt"] = says,
            },
            "A change");
        var (_, answer) = await _gitHub.OpenPullRequestAsync(Repository, "change", commit, "A change");

        Assert.Equal((202, answer.Body), (answer.Status, answer.Body));
        return JsonNode.Parse(answer.Body)!["id"]!.GetValue<string>();
    }

    private async Task<BuildSeen> EndOfAsync(string id)
    {
        BuildSeen? build = null;
        await TestEnvironment.UntilAsync(
            async () =>
            {
                build = await _http.GetFromJsonAsync<BuildSeen>(new Uri(_stack.Functions, "/api/builds/" + id), JsonSerializerOptions.Web);
                return build!.State is not ("queued" or "running");
            },
            "the build's end",
            onTimeout: () => $"It is {build}.");
        return build!;
    }

    private async Task TheStorageIsReadableFromOutsideAsync(string id)
    {
        var row = await new TableClient(_stack.Storage, "builds").QueryAsync<TableEntity>($"RowKey eq 'active-{id}' or RowKey eq 'id-{id}'")
            .FirstAsync();
        Assert.Contains(id, row.GetString("Record"), StringComparison.Ordinal);

        var queue = await new QueueServiceClient(_stack.Storage).GetQueueClient("builds").GetPropertiesAsync();
        Assert.Equal(0, queue.Value.ApproximateMessagesCount);
    }
}
