using System.Text;
using System.Text.Json.Nodes;
using Ci.StandIn;
using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>Why was nothing built? Every delivery that GitHub signed has its verdict written down.</summary>
public sealed class DeliveryLogTests(Azurite azurite, DockerEngine engine, DockerRegistry registry) : IAsyncLifetime
{
    private CiScenario _scenario = null!;

    public async ValueTask InitializeAsync() =>
        _scenario = await CiScenario.StartAsync(
            azurite, engine, registry, new Dictionary<string, string?> { ["Docker__Host"] = "unix:///tmp/no-engine-here.sock" });

    public async ValueTask DisposeAsync() => await _scenario.DisposeAsync();

    [Fact]
    public async Task A_verdict_is_found_by_the_deliverys_GUID_each_time_that_it_came()
    {
        var (_, answer) = await _scenario.GitHub.OpenPullRequestAsync(
            CiScenario.Repository, "b", new string('a', 40), "A draft", draft: true);
        await _scenario.DeliverAsync(answer.Delivery);

        var entries = JsonNode.Parse(await _scenario.GetAsync($"api/deliveries/{answer.Delivery}"))!.AsArray();

        Assert.Equal(2, entries.Count);
        Assert.All(entries, entry => Assert.Equal(
            ("pull_request.opened", "200", CiScenario.Repository, new string('a', 40)),
            (entry!["event"]!.ToString(), entry["status"]!.ToString(), entry["repository"]!.ToString(), entry["commit"]!.ToString())));
        Assert.Contains("is a draft", entries[0]!["verdict"]!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pull_requests_deliveries_are_listed_newest_first_and_nobody_elses()
    {
        var (pull, _) = await _scenario.OpenForkAsync(_scenario.Files("x"));
        await _scenario.GitHub.ChangeAsync(pull, "edited");
        await _scenario.CommentAsync(pull, "/build", "stranger");
        await _scenario.OpenForkAsync(_scenario.Files("y"));

        var entries =
            JsonNode.Parse(await _scenario.GetAsync($"api/deliveries?repository={CiScenario.Repository}&pull={pull.Number}"))!.AsArray();

        Assert.Equal(
            ["issue_comment.created", "pull_request.edited", "pull_request.opened"], entries.Select(entry => entry!["event"]!.ToString()));
        Assert.StartsWith("waiting for approval", entries[^1]!["verdict"]!.ToString(), StringComparison.Ordinal);
        Assert.NotNull(entries[^1]!["buildId"]);
    }

    [Fact]
    public async Task Why_there_is_no_image_is_told_by_GUID_by_pull_request_and_on_the_page()
    {
        var files = _scenario.Files("no image");
        files.Remove("dockerInfo.json");
        var build = await _scenario.OpenAsync(files);
        var delivery = JsonNode.Parse(await _scenario.GetAsync("api/deliveries"))!.AsArray()
            .First(entry => entry!["buildId"]!.ToString() == build.Id)!["delivery"]!;

        var byGuid = JsonNode.Parse(await _scenario.GetAsync($"api/deliveries/{delivery}"))!.AsArray();
        var byPull = JsonNode.Parse(
            await _scenario.GetAsync($"api/deliveries?repository={CiScenario.Repository}&pull={build.PullRequest}"))!.AsArray();
        var page = await _scenario.GetAsync("api/deliveries", "text/html");

        var why = $"no dockerInfo.json at {build.Commit[..12]}: nothing to build";
        foreach (var entry in new[] { Assert.Single(byGuid)!, Assert.Single(byPull)! })
        {
            Assert.Equal($"queued: {build.Commit[..12]} of pull request #{build.PullRequest}", entry["verdict"]!.ToString());
            Assert.Equal(("succeeded", why), (entry["build"]!["state"]!.ToString(), entry["build"]!["summary"]!.ToString()));
        }

        Assert.Contains(why, page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_waits_says_on_which_commit_and_for_what()
    {
        var (pull, answer) = await _scenario.OpenForkAsync(_scenario.Files("x"));

        var entry = JsonNode.Parse(await _scenario.GetAsync("api/deliveries"))!.AsArray()[0]!;

        Assert.Equal(answer["verdict"]!.ToString(), entry["verdict"]!.ToString());
        Assert.Equal(
            ($"waiting for approval of {pull.Head[..12]} of pull request #{pull.Number}", "waiting"),
            (entry["verdict"]!.ToString(), entry["build"]!["state"]!.ToString()));
        Assert.Contains(
            $"comments /build {pull.Head[..12]} or sets the label ok-to-build", entry["build"]!["summary"]!.ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_nobody_signed_is_not_written_down()
    {
        var before = JsonNode.Parse(await _scenario.GetAsync("api/deliveries"))!.AsArray().Count;
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_scenario.Host.Url, "api/webhook"))
        {
            Content = new StringContent("{}", Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("X-GitHub-Delivery", Guid.NewGuid().ToString());
        request.Headers.Add("X-Hub-Signature-256", GitHubStandIn.Sign("another secret", "{}"u8));
        using var refused = await http.SendAsync(request, TestContext.Current.CancellationToken);
        await _scenario.GitHub.PingAsync(CiScenario.Repository);

        var entries = JsonNode.Parse(await _scenario.GetAsync("api/deliveries"))!.AsArray();

        Assert.Equal("ping", Assert.Single(entries.SkipLast(before))!["event"]!.ToString());
    }
}
