using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Ci.Tests.BuildKit;
using Ci.Tests.Fixtures;
using Ci.Tests.Tunnel;

namespace Ci.Tests.EndToEnd;

/// <summary>Whether builds can run, and if not, what to do.</summary>
public sealed class HealthTests(Azurite azurite, DockerEngine engine, Registry open)
{
    // Nothing listens on port 1.
    private const string Nowhere = "DefaultEndpointsProtocol=http;AccountName=nobody;AccountKey=bm8gc2VjcmV0;BlobEndpoint=http://127.0.0.1:1/nobody;QueueEndpoint=http://127.0.0.1:1/nobody;TableEndpoint=http://127.0.0.1:1/nobody;";

    [Fact]
    public async Task With_all_parts_there_builds_can_run()
    {
        await using var story = await Story.StartAsync(azurite, engine, open);

        var (status, parts) = await LookAsync(story, withKey: true);

        Assert.Equal((200, "storage ok, queue ok, engine ok, registry ok, github ok, tunnel unused"), (status, Shown(parts)));
        Assert.Contains("builds with BuildKit", Says(parts, "engine"), StringComparison.Ordinal);
        Assert.Matches(@"^\d+ of \d+ requests are left until ", Says(parts, "github"));
        Assert.StartsWith("0 messages", Says(parts, "queue"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Strangers_see_which_part_fails_and_no_more()
    {
        await using var story = await Story.StartAsync(azurite, engine, open);

        var (_, parts) = await LookAsync(story, withKey: false);

        Assert.All(parts, part => Assert.Equal(["name", "state"], part!.AsObject().Select(property => property.Key)));
    }

    [Theory]
    [InlineData("Registry__Url", "http://127.0.0.1:1/", "registry", "The registry does not answer")]
    [InlineData("Docker__Host", "unix:///nowhere/docker.sock", "engine", "The Docker engine does not answer")]
    [InlineData("AzureWebJobsStorage", Nowhere, "storage", "Storage does not answer: see that Azurite runs")]
    [InlineData("AzureWebJobsStorage", Nowhere, "queue", "The queue does not answer: see that Azurite runs")]
    public async Task Without_a_part_that_builds_need_it_is_503_with_what_to_do(string setting, string value, string part, string words)
    {
        await using var story = await Story.StartAsync(azurite, engine, open, new Dictionary<string, string?> { [setting] = value });

        var (status, parts) = await LookAsync(story, withKey: true);

        Assert.Equal(503, status);
        Assert.Contains($"{part} failing", Shown(parts), StringComparison.Ordinal);
        Assert.StartsWith(words, Says(parts, part), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_GitHub_it_is_told_in_words_and_the_hosts_log_has_no_stack_trace()
    {
        await using var story = await Story.StartAsync(azurite, engine, open, new Dictionary<string, string?> { ["GitHub__ApiUrl"] = "http://127.0.0.1:1/" });

        var (status, parts) = await LookAsync(story, withKey: true);

        Assert.Equal(200, status);
        Assert.StartsWith("GitHub at http://127.0.0.1:1/ does not answer", Says(parts, "github"), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", story.Host.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Polly", story.Host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parts_that_hang_are_told_within_seconds()
    {
        await using var hanging = await StandInServer.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        var url = hanging.Engine.ToString().Replace("tcp:", "http:", StringComparison.Ordinal);
        await using var story = await Story.StartAsync(azurite, engine, open, new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = Nowhere.Replace("http://127.0.0.1:1/", url, StringComparison.Ordinal),
            ["Registry__Url"] = url,
            ["Docker__Host"] = hanging.Engine.ToString(),
            ["GitHub__ApiUrl"] = url,
        });
        var watch = Stopwatch.StartNew();

        var (status, parts) = await LookAsync(story, withKey: true);

        Assert.Equal((503, "storage failing, queue failing, engine failing, registry failing, github failing, tunnel unused"), (status, Shown(parts)));
        // Each has a limit of 3 s, and none waits for another.
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(8));
    }

    [Fact]
    public async Task One_look_serves_all_who_ask_at_about_the_same_time()
    {
        var asked = 0;
        await using var counting = await StandInServer.StartAsync(context =>
        {
            Interlocked.Increment(ref asked);
            return Task.CompletedTask;
        });
        await using var story = await Story.StartAsync(azurite, engine, open, new Dictionary<string, string?>
        {
            ["Registry__Url"] = counting.Engine.ToString().Replace("tcp:", "http:", StringComparison.Ordinal),
        });

        await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => LookAsync(story, withKey: true)));
        Assert.Equal(1, Volatile.Read(ref asked));

        await Parts.UntilAsync(async () => (await LookAsync(story, withKey: true)).Status == 200 && Volatile.Read(ref asked) > 1, "another look", TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task A_tunnel_is_told_where_it_is_open_and_that_it_is_not()
    {
        await using var ngrok = await NgrokStandIn.StartAsync();
        await using var story = await Story.StartAsync(azurite, engine, open, new Dictionary<string, string?>
        {
            ["Tunnel__Enabled"] = "true",
            ["Tunnel__NgrokApiUrl"] = ngrok.Url,
            ["Tunnel__Repositories"] = Story.Repository,
        });

        var (status, parts) = await LookAsync(story, withKey: true);
        Assert.Equal((200, "Open at https://first.ngrok-free.app/."), (status, Says(parts, "tunnel")));

        ngrok.PublicUrls = [];
        await Parts.UntilAsync(async () => Shown((await LookAsync(story, withKey: true)).Parts).Contains("tunnel failing", StringComparison.Ordinal), "the tunnel to be missed", TimeSpan.FromSeconds(20));
        (status, parts) = await LookAsync(story, withKey: true);
        // Builds that were asked for run all the same.
        Assert.Equal(200, status);
        Assert.StartsWith($"There is no agent, or no tunnel, at {ngrok.Url} (Tunnel__NgrokApiUrl): see that ngrok runs", Says(parts, "tunnel"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_token_builds_run_with_a_warning()
    {
        await using var story = await Story.StartAsync(azurite, engine, open, new Dictionary<string, string?> { ["GitHub__Token"] = "" });

        var (status, parts) = await LookAsync(story, withKey: true);

        Assert.Equal(200, status);
        Assert.Contains("github warning", Shown(parts), StringComparison.Ordinal);
        Assert.StartsWith("There is no token: public repositories only, and no commit status.", Says(parts, "github"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_GitHub_does_not_know_is_told_while_builds_run()
    {
        await using var story = await Story.StartAsync(azurite, engine, open, new Dictionary<string, string?> { ["GitHub__Token"] = "an old one" });

        var (status, parts) = await LookAsync(story, withKey: true);

        Assert.Equal(200, status);
        Assert.Contains("set GitHub__Token", Says(parts, "github"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_that_wants_another_password_is_told_as_it_says_it()
    {
        await using var registry = new Registry { AsksForPassword = true };
        await using var story = await Story.StartAsync(azurite, engine, registry);

        var (status, parts) = await LookAsync(story, withKey: true);

        Assert.Equal(503, status);
        Assert.Contains("answered 401", Says(parts, "registry"), StringComparison.Ordinal);
    }

    private static async Task<(int Status, JsonArray Parts)> LookAsync(Story story, bool withKey)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(story.Host.Url, "api/health"));
        if (withKey)
        {
            request.Headers.Add("x-functions-key", Story.Key);
        }

        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        var json = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        Assert.Equal(answer.StatusCode == HttpStatusCode.OK, json["canBuild"]!.GetValue<bool>());
        return ((int)answer.StatusCode, json["parts"]!.AsArray());
    }

    private static string Shown(JsonArray parts) => string.Join(", ", parts.Select(part => $"{part!["name"]} {part["state"]}"));

    private static string Says(JsonArray parts, string name) => parts.Single(part => part!["name"]!.ToString() == name)!["says"]!.ToString();
}
