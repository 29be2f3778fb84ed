using System.Net;
using System.Text.Json.Nodes;
using Ci.Pipeline;
using Ci.Web;
using Ci.StandIn;
using Ci.Tests.BuildKit;
using Ci.Tests.Fixtures;
using Ci.Tests.Tunnel;
using Ci.Web.Api;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Ci.Tests.EndToEnd;

/// <summary>Whether builds can run, and if not, what to do.</summary>
public sealed class HealthTests(Azurite azurite, DockerEngine engine, DockerRegistry open) : IAsyncDisposable
{
    // Nothing listens on port 1.
    private const string Nowhere =
        "DefaultEndpointsProtocol=http;AccountName=nobody;AccountKey=bm8gc2VjcmV0;"
        + "BlobEndpoint=http://127.0.0.1:1/nobody;QueueEndpoint=http://127.0.0.1:1/nobody;TableEndpoint=http://127.0.0.1:1/nobody;";

    private readonly ManualTime _time = new();
    private GitHubStandIn? _gitHub;

    public ValueTask DisposeAsync() => _gitHub?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task With_all_parts_there_builds_can_run()
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, open);

        // A part that is busy for longer than it is waited for is asked again.
        var (status, parts) = (0, (JsonArray)[]);
        await TestEnvironment.UntilAsync(
            async () =>
            {
                (status, parts) = await LookAsync(scenario, withKey: true);
                return status == 200 && Says(parts, "queue").StartsWith("0 messages", StringComparison.Ordinal) && Shown(parts)
                    .Contains("github ok", StringComparison.Ordinal);
            },
            "all parts to be well",
            () => parts.ToJsonString());

        Assert.Equal((200, "storage ok, queue ok, engine ok, registry ok, github ok, tunnel unused"), (status, Shown(parts)));
        Assert.Contains("builds with BuildKit", Says(parts, "engine"), StringComparison.Ordinal);
        Assert.Matches(@"^\d+ of \d+ requests are left until ", Says(parts, "github"));
    }

    [Fact]
    public async Task Strangers_see_which_part_fails_and_no_more()
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, open);

        var (_, parts) = await LookAsync(scenario, withKey: false);

        Assert.All(parts, part => Assert.Equal(["name", "state"], part!.AsObject().Select(property => property.Key)));
    }

    [Theory]
    [InlineData("Registry:Url", "http://127.0.0.1:1/", "registry", "The registry does not answer")]
    [InlineData("Docker:Host", "unix:///nowhere/docker.sock", "engine", "The Docker engine does not answer")]
    [InlineData("AzureWebJobsStorage", Nowhere, "storage", "Storage does not answer: see that Azurite runs")]
    [InlineData("AzureWebJobsStorage", Nowhere, "queue", "The queue does not answer: see that Azurite runs")]
    public async Task Without_a_part_that_builds_need_none_can_run_and_it_says_what_to_do(
        string setting, string value, string part, string words)
    {
        await using var services = await ServicesAsync(open, (setting, value));

        var health = await services.GetRequiredService<Health>().LookAsync(TestContext.Current.CancellationToken);

        Assert.False(health.CanBuild);
        Assert.Equal(PartState.Failing, Part(health, part).State);
        Assert.StartsWith(words, Part(health, part).Says, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_GitHub_it_is_told_in_words_and_the_hosts_log_has_no_stack_trace()
    {
        await using var scenario = await CiScenario.StartAsync(
            azurite, engine, open, new Dictionary<string, string?> { ["GitHub__ApiUrl"] = "http://127.0.0.1:1/" });

        var (status, parts) = await LookAsync(scenario, withKey: true);

        Assert.Equal(200, status);
        Assert.StartsWith("GitHub at http://127.0.0.1:1/ does not answer", Says(parts, "github"), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", scenario.Host.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Polly", scenario.Host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parts_that_hang_are_told_and_none_waits_for_another()
    {
        var (now, most) = (0, 0);
        await using var hanging = await StandInServer.StartAsync(async context =>
        {
            most = Math.Max(most, Interlocked.Increment(ref now));
            try
            {
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }
            finally
            {
                Interlocked.Decrement(ref now);
            }
        });
        var url = hanging.Engine.ToString().Replace("tcp:", "http:", StringComparison.Ordinal);
        await using var scenario = await CiScenario.StartAsync(azurite, engine, open, new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = Nowhere.Replace("http://127.0.0.1:1/", url, StringComparison.Ordinal),
            ["Registry__Url"] = url,
            ["Docker__Host"] = hanging.Engine.ToString(),
            ["GitHub__ApiUrl"] = url,
        });

        var (status, parts) = await LookAsync(scenario, withKey: true);

        Assert.Equal(
            (503, "storage failing, queue failing, engine failing, registry failing, github failing, tunnel unused"),
            (status, Shown(parts)));
        // On a machine that is busy the last may be asked when the first has been given up: then it is looked again.
        await TestEnvironment.UntilAsync(
            async () => Volatile.Read(ref most) >= 5 || (await LookAsync(scenario, withKey: true)).Status != 503,
            "all to be asked at the same time",
            () => $"At most {most} were.");
        Assert.InRange(most, 5, int.MaxValue);
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
        await using var services = await ServicesAsync(
            open, ("Registry:Url", counting.Engine.ToString().Replace("tcp:", "http:", StringComparison.Ordinal)));
        var health = services.GetRequiredService<Health>();

        await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => health.LookAsync(TestContext.Current.CancellationToken)));
        Assert.Equal(1, Volatile.Read(ref asked));

        _time.Advance(TimeSpan.FromSeconds(4));
        await health.LookAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, Volatile.Read(ref asked));
    }

    [Fact]
    public async Task A_tunnel_is_told_where_it_is_open_and_that_it_is_not()
    {
        await using var ngrok = await NgrokStandIn.StartAsync();
        await using var services = await ServicesAsync(
            open, ("Tunnel:Enabled", "true"), ("Tunnel:NgrokApiUrl", ngrok.Url), ("Tunnel:Repositories", CiScenario.Repository));
        var health = services.GetRequiredService<Health>();

        Assert.Equal(
            "Open at https://first.ngrok-free.app/.", Part(await health.LookAsync(TestContext.Current.CancellationToken), "tunnel").Says);

        ngrok.PublicUrls = [];
        _time.Advance(TimeSpan.FromMinutes(2));
        var missed = await health.LookAsync(TestContext.Current.CancellationToken);
        // Builds that were asked for run all the same.
        Assert.Equal((true, PartState.Failing), (missed.CanBuild, Part(missed, "tunnel").State));
        Assert.StartsWith(
            $"There is no agent, or no tunnel, at {ngrok.Url} (Tunnel__NgrokApiUrl): see that ngrok runs", Part(missed, "tunnel").Says,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_token_builds_run_with_a_warning()
    {
        await using var services = await ServicesAsync(open, ("GitHub:Token", ""));

        var health = await services.GetRequiredService<Health>().LookAsync(TestContext.Current.CancellationToken);

        Assert.Equal((true, PartState.Warning), (health.CanBuild, Part(health, "github").State));
        Assert.StartsWith(
            "There is no token: public repositories only, and no commit status.", Part(health, "github").Says, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_GitHub_does_not_know_is_told_while_builds_run()
    {
        await using var services = await ServicesAsync(open, ("GitHub:Token", "an old one"));

        var health = await services.GetRequiredService<Health>().LookAsync(TestContext.Current.CancellationToken);

        Assert.True(health.CanBuild);
        Assert.Contains("set GitHub__Token", Part(health, "github").Says, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_that_wants_another_password_is_told_as_it_says_it()
    {
        await using var registry = new DockerRegistry { AsksForPassword = true };
        await using var services = await ServicesAsync(registry);

        var health = await services.GetRequiredService<Health>().LookAsync(TestContext.Current.CancellationToken);

        Assert.False(health.CanBuild);
        Assert.Contains("answered 401", Part(health, "registry").Says, StringComparison.Ordinal);
    }

    /// <summary>What a host has, without one, on a clock that stands still.</summary>
    private async Task<ServiceProvider> ServicesAsync(DockerRegistry registry, params (string Name, string Value)[] settings)
    {
        await Task.WhenAll(azurite.StartAsync(), engine.StartAsync(), registry.StartAsync());
        _gitHub = await GitHubStandIn.StartAsync(new GitHubStandInOptions { Token = "the-token" });
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = azurite.NewAccount(),
            ["GitHub:ApiUrl"] = _gitHub.BaseUrl.ToString(),
            ["GitHub:Token"] = "the-token",
            ["GitHub:WebhookSecret"] = CiScenario.Secret,
            ["Registry:Address"] = registry.Address,
            ["Registry:Url"] = registry.Url.ToString(),
            ["Docker:Host"] = engine.Host,
        }).AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Name, (string?)s.Value))).Build();
        return new ServiceCollection().AddSingleton<TimeProvider>(_time).AddSingleton<IConfiguration>(configuration)
            .AddPipeline(configuration).AddWeb().BuildServiceProvider();
    }

    private static HealthPart Part(HealthView health, string name) => health.Parts.Single(part => part.Name == name);

    private static async Task<(int Status, JsonArray TestEnvironment)> LookAsync(CiScenario scenario, bool withKey)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(scenario.Host.Url, "api/health"));
        if (withKey)
        {
            request.Headers.Add("x-functions-key", CiScenario.Key);
        }

        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        var json = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        Assert.Equal(answer.StatusCode == HttpStatusCode.OK, json["canBuild"]!.GetValue<bool>());
        return ((int)answer.StatusCode, json["parts"]!.AsArray());
    }

    private static string Shown(JsonArray parts) => string.Join(", ", parts.Select(part => $"{part!["name"]} {part["state"]}"));

    private static string Says(JsonArray parts, string name) =>
        parts.Single(part => part!["name"]!.ToString() == name)!["says"]!.ToString();
}
