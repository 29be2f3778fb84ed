using System.Net;
using System.Text.Json.Nodes;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Reporting;
using Ci.Pipeline.Tunnel;
using Ci.Tests.Builds;
using Ci.Tests.Fixtures;
using Ci.Tests.Tunnel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Ci.Tests.Reporting;

/// <summary>What GitHub is told of a build, in which order.</summary>
public sealed class CommitStatusTests(Azurite azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Builds_that_wait_are_told_their_place_in_line()
    {
        var (storage, gitHub) = await StartAsync();
        await storage.AdmitAsync(storage.Change('a', 0, pull: 1));
        storage.Time.Advance(TimeSpan.FromSeconds(1));
        await storage.AdmitAsync(storage.Change('b', 1, pull: 2));

        await LookAsync(storage, gitHub);

        Assert.Equal(["pending Queued, 1st in line", "pending Queued, 2nd in line"], gitHub.Told);
    }

    [Fact]
    public async Task A_place_is_told_once_however_many_hosts_look()
    {
        var (storage, gitHub) = await StartAsync();
        await storage.AdmitAsync(storage.Change('a', 0));

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => LookAsync(storage, gitHub)));
        storage.Time.Advance(TimeSpan.FromMinutes(1));
        await LookAsync(storage, gitHub);

        Assert.Equal(["pending Queued, 1st in line"], gitHub.Told);
    }

    [Fact]
    public async Task The_time_is_told_by_what_earlier_builds_took()
    {
        var (storage, gitHub) = await StartAsync();
        var earlier = Pages.Samples.Pushed(Pages.Samples.Queued(9, repository: "owner/one"), seconds: 180);
        await storage.Records.TryAddAsync(earlier, Cancellation);
        var running = storage.Change('a', 0, pull: 1);
        await storage.AdmitAsync(running);
        await using var lease = await storage.TakeAsync(running);
        await storage.AdmitAsync(storage.Change('b', 1, pull: 2));

        await LookAsync(storage, gitHub);

        Assert.Equal(["pending Queued, 1st in line, about 3 min"], gitHub.Told);
    }

    [Fact]
    public async Task The_end_waits_for_a_place_that_is_on_its_way()
    {
        var (storage, gitHub) = await StartAsync();
        var change = storage.Change('a', 0);
        var queued = await storage.AdmitAsync(change);
        await storage.Records.UpdateAsync(
            queued.Id,
            r => r.Stopped(BuildState.Cancelled, "Cancelled by hand.", storage.Time.GetUtcNow()) with
            {
                QueuePosition = new QueuePosition("Queued", storage.Time.GetUtcNow())
                {
                    Owner = "another host", OwnedUntil = storage.Time.GetUtcNow() + QueuePositionReporter.UnderWay,
                },
            },
            Cancellation);
        using var http = gitHub.Client();
        var statuses = storage.Statuses(http, "a-token");

        var early = await statuses.NotifyCompletedAsync(queued.Id, Cancellation);
        storage.Time.Advance(QueuePositionReporter.UnderWay + TimeSpan.FromSeconds(1));
        var late = await statuses.NotifyCompletedAsync(queued.Id, Cancellation);

        Assert.Equal((false, true), (early, late));
        Assert.Equal(["error Cancelled by hand."], gitHub.Told);
    }

    [Fact]
    public async Task A_status_leads_to_the_builds_page()
    {
        var (storage, gitHub) = await StartAsync();
        var queued = await storage.AdmitAsync(storage.Change('a', 0));

        await LookAsync(storage, gitHub);

        Assert.Equal(["https://ci.example" + PublicAddress.PathTo(queued.Id)], gitHub.Links);
    }

    [Fact]
    public async Task Without_a_public_address_the_tunnels_is_found_and_found_again()
    {
        await using var ngrok = await NgrokStandIn.StartAsync();
        await using var services = new ServiceCollection().AddHttpClient().BuildServiceProvider();
        var time = new ManualTime();
        var address = new PublicAddress(
            services.GetRequiredService<IHttpClientFactory>(), Options.Create(new ReportOptions()), Options.Create(new TunnelOptions { NgrokApiUrl = ngrok.Url }), time);

        var first = await address.PageOfAsync("x", Cancellation);
        ngrok.PublicUrls = ["https://second.ngrok-free.app"];
        var cached = await address.PageOfAsync("x", Cancellation);
        time.Advance(TimeSpan.FromMinutes(2));
        var second = await address.PageOfAsync("x", Cancellation);

        Assert.Equal("https://first.ngrok-free.app/api/builds/x", first);
        Assert.Equal((first, "https://second.ngrok-free.app/api/builds/x"), (cached, second));
    }

    [Fact]
    public async Task Without_a_tunnel_there_is_no_link()
    {
        await using var services = new ServiceCollection().AddHttpClient().BuildServiceProvider();
        var address = new PublicAddress(
            services.GetRequiredService<IHttpClientFactory>(),
            Options.Create(new ReportOptions()),
            Options.Create(new TunnelOptions { NgrokApiUrl = $"http://127.0.0.1:{TestEnvironment.FreePort()}" }),
            TimeProvider.System);

        Assert.Null(await address.PageOfAsync("x", Cancellation));
    }

    [Fact]
    public async Task A_rate_limit_is_waited_for_and_no_refusal()
    {
        var (storage, gitHub) = await StartAsync();
        var queued = await storage.AdmitAsync(storage.Change('a', 0));
        await storage.Records.UpdateAsync(queued.Id, r => r.Stopped(BuildState.Cancelled, "Cancelled by hand.", storage.Time.GetUtcNow()), Cancellation);
        using var http = gitHub.Client();
        var statuses = storage.Statuses(http, "a-token");

        gitHub.Answer = () => new HttpResponseMessage(HttpStatusCode.Forbidden) { Headers = { RetryAfter = new(TimeSpan.FromSeconds(1)) } };
        var limited = await statuses.NotifyCompletedAsync(queued.Id, Cancellation);
        gitHub.Answer = () => new HttpResponseMessage(HttpStatusCode.Created);

        Assert.Equal((false, true), (limited, await statuses.NotifyCompletedAsync(queued.Id, Cancellation)));
    }

    private async Task<(TestStorage TestStorage, Listener GitHub)> StartAsync() => (await TestStorage.StartAsync(azurite), new Listener());

    private static async Task LookAsync(TestStorage storage, Listener gitHub)
    {
        using var http = gitHub.Client();
        await new QueuePositionReporter(storage.Records, storage.Lists, storage.Statuses(http, "a-token"), storage.Time)
            .TellAsync(await storage.Records.ActiveAsync(Cancellation), Cancellation);
    }

    /// <summary>Keeps what it is told.</summary>
    private sealed class Listener : HttpMessageHandler
    {
        private readonly List<JsonNode> _told = [];

        public Func<HttpResponseMessage> Answer { get; set; } = () => new HttpResponseMessage(HttpStatusCode.Created);

        public IEnumerable<string> Told => _told.Select(status => $"{status["state"]} {status["description"]}");

        public IEnumerable<string?> Links => _told.Select(status => status["target_url"]?.ToString());

        public HttpClient Client() => new(this, disposeHandler: false) { BaseAddress = new Uri("https://github.example/") };

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var status = JsonNode.Parse(await request.Content!.ReadAsStringAsync(cancellationToken))!;
            lock (_told)
            {
                _told.Add(status);
            }

            return Answer();
        }
    }
}
