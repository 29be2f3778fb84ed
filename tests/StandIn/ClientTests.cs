using Ci.Pipeline;
using Ci.Pipeline.GitHub;
using Ci.Pipeline.Source;
using Ci.Pipeline.Source.Archive;
using Ci.StandIn;
using Ci.Tests.Fixtures;
using Ci.Tests.Tunnel;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Ci.Tests.StandIn;

/// <summary>What the CI's own clients send GitHub is what GitHub describes, and so is what the stand-in answers them.</summary>
public sealed class ClientTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Fetching_a_commit_is_as_described()
    {
        await using var session = await StandInSession.StartAsync();
        await using var services = Services(session);

        var result = await services.GetRequiredService<ArchiveFetcher>().FetchAsync(
            StandInSession.Repository, session.Commit, Cancellation);

        await using var archive = Assert.IsType<SourceResult.Fetched>(result).Source;
        session.AssertRequests();
        Assert.Equal(["GET /repos/{owner}/{repo}/tarball/{ref}"], session.AssertAnswers());
    }

    [Fact]
    public async Task Listing_the_files_of_a_pull_request_page_by_page_is_as_described()
    {
        await using var session = await StandInSession.StartAsync(files: 101);
        await using var services = Services(session);

        var files = await services.GetRequiredService<PullRequestFiles>().ListAsync(
            StandInSession.Repository, session.Pull.Number, Cancellation);

        Assert.Equal(101, files!.Count);
        session.AssertRequests();
        Assert.Equal(Enumerable.Repeat("GET /repos/{owner}/{repo}/pulls/{pull_number}/files", 2), session.AssertAnswers());
    }

    [Fact]
    public async Task Refusals_are_as_described_too()
    {
        await using var session = await StandInSession.StartAsync();
        await using var services = Services(session);
        var archive = services.GetRequiredService<ArchiveFetcher>();

        Assert.IsType<SourceResult.Refused>(await archive.FetchAsync(StandInSession.Repository, new string('0', 40), Cancellation));
        await Assert.ThrowsAsync<GitHubRefusedException>(
            () => services.GetRequiredService<PullRequestFiles>().ListAsync(StandInSession.Repository, 8, Cancellation));
        session.GitHub.Faults.Enqueue(new StandInFault { Path = "/repos", Status = 429, Headers = new Dictionary<string, string> { ["retry-after"] = "60" } });
        await Assert.ThrowsAsync<GitHubUnavailableException>(() => archive.FetchAsync(StandInSession.Repository, session.Commit, Cancellation));

        session.AssertRequests();
        Assert.Equal(3, session.AssertAnswers().Count);
    }

    [Theory]
    [InlineData(false, "POST /repos/{owner}/{repo}/hooks")]
    [InlineData(true, "PATCH /repos/{owner}/{repo}/hooks/{hook_id}")]
    public async Task Registering_the_tunnel_as_a_webhook_asks_as_described(bool exists, string saving)
    {
        await using var ngrok = await NgrokStandIn.StartAsync();
        await using var hooks = await HooksStandIn.StartAsync();
        if (exists)
        {
            hooks.Add("https://yesterday.ngrok-free.app/api/webhook");
        }

        using var host = TunnelHost(ngrok, hooks);
        await host.StartAsync(Cancellation);
        await TestEnvironment.UntilAsync(
            () => Task.FromResult(Operations().Count() == 4), "the webhook to be saved and pinged", onTimeout: () =>
                string.Join('\n', Operations()));
        await host.StopAsync(Cancellation);

        Assert.Equal(
            ["GET /repos/{owner}/{repo}/hooks", saving, "GET /repos/{owner}/{repo}/hooks/{hook_id}/deliveries",
             "POST /repos/{owner}/{repo}/hooks/{hook_id}/pings"],
            Operations());
        Assert.All(hooks.Exchanges, exchange => Assert.Equal([], GitHubDescription.Instance.RequestErrors(exchange)));

        IEnumerable<string?> Operations() => hooks.Exchanges.Select(GitHubDescription.Instance.Operation).Distinct();
    }

    private static IHost TunnelHost(NgrokStandIn ngrok, HooksStandIn hooks)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = "UseDevelopmentStorage=true",
            ["GitHub:ApiUrl"] = hooks.Url,
            ["GitHub:Token"] = HooksStandIn.Token,
            ["GitHub:WebhookSecret"] = TunnelFixture.Secret,
            ["Tunnel:Enabled"] = "true",
            ["Tunnel:NgrokApiUrl"] = ngrok.Url,
            ["Tunnel:Repositories"] = StandInSession.Repository,
        });
        builder.Services.AddPipeline(builder.Configuration);
        return builder.Build();
    }

    private static ServiceProvider Services(StandInSession session)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["GitHub:ApiUrl"] = session.GitHub.BaseUrl.ToString(),
            ["GitHub:Token"] = StandInSession.Token,
        }).Build();
        return new ServiceCollection().AddLogging().AddPipeline(configuration).BuildServiceProvider();
    }
}
