using System.Globalization;
using System.Net;
using Azure;
using Ci.BuildKit;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Docker;
using Ci.Pipeline.GitHub;
using Ci.Pipeline.Http;
using Ci.Pipeline.Queue;
using Ci.Pipeline.Registry;
using Ci.Pipeline.Reporting;
using Ci.Pipeline.Text;
using Ci.Pipeline.Tunnel;
using Microsoft.Extensions.Options;

namespace Ci.Web.Api;

public sealed class HealthChecks(
    BuildStore store,
    BuildQueue queue,
    EngineClient engine,
    IHttpClientFactory clients,
    IOptions<GitHubOptions> gitHub,
    RateLimitStatus rates,
    IOptions<TunnelOptions> tunnel,
    PublicAddress address,
    TimeProvider time)
{
    internal const string GitHub = "github";
    internal const string Tunnel = "tunnel";

    // GitHub without a token counts requests by address.
    private const int FewRequests = 100;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongWait = TimeSpan.FromMinutes(15);

    public Task<HealthPart> StorageAsync() => AskAsync(
        "storage",
        "Storage does not answer: see that Azurite runs, and that AzureWebJobsStorage names it.",
        async limit =>
        {
            await store.ListAsync(1, limit);
            return (PartState.Ok, "It answers.");
        });

    public Task<HealthPart> QueueAsync() => AskAsync(
        "queue",
        "The queue does not answer: see that Azurite runs with its queue service.",
        async limit =>
        {
            var (depth, oldest) = await queue.LookAsync(limit);
            var age = oldest is { } since ? time.GetUtcNow() - since : TimeSpan.Zero;
            var says = $"{depth} messages{(oldest is null ? "" : $", the oldest for {Format.Duration(age)}")}.";
            return age > LongWait
                ? (PartState.Warning, says + " Builds wait long: see what runs, raise batchSize in host.json, or start another host.")
                : (PartState.Ok, says);
        });

    public Task<HealthPart> EngineAsync() => AskAsync(
        "engine",
        "The Docker engine does not answer: start Docker; Docker__Host or DOCKER_HOST names it.",
        async limit =>
        {
            var probe = await engine.ProbeAsync(limit);
            return (PartState.Ok, $"API {probe.ApiVersion}, builds with {(probe.HasBuildKit ? "BuildKit" : "the classic builder")}.");
        });

    public Task<HealthPart> RegistryAsync() => AskAsync(
        "registry",
        "The registry does not answer: start it; Registry__Address and Registry__Url name it.",
        async limit =>
        {
            using var http = clients.CreateClient(RegistryClient.HttpClientName);
            await new RegistryClient(http).PingAsync(limit);
            return (PartState.Ok, "It answers.");
        });

    public Task<HealthPart> GitHubAsync() => AskAsync(GitHub, $"GitHub at {gitHub.Value.ApiUrl} does not answer: see https://www.githubstatus.com, or GitHub__ApiUrl.", async limit =>
    {
        Rate? core;
        try
        {
            core = await rates.ReadAsync(limit);
        }
        catch (GitHubException e) when (e.Status == HttpStatusCode.Unauthorized)
        {
            return (PartState.Failing, e.Message);
        }
        catch (GitHubException e) when (e.Status is not null)
        {
            return (PartState.Warning, $"{e.Message} Builds wait until it answers again.");
        }

        var left = core is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{core.Remaining} of {core.Limit} requests are left until {DateTimeOffset.FromUnixTimeSeconds(core.Reset):HH:mm} UTC.");
        // An App's requests are counted by installation, and this one was nobody's.
        return gitHub.Value.IsApp ? (PartState.Ok, $"It answers; asked as GitHub App {gitHub.Value.AppId}.")
            : !gitHub.Value.CanWrite ? (PartState.Warning, $"There is no token: public repositories only, and no commit status. {left}")
            : core?.Remaining < FewRequests ? (PartState.Warning, left + " Then builds wait until GitHub answers again.")
            : (PartState.Ok, left);
    });

    public async Task<HealthPart> TunnelAsync() => !tunnel.Value.Enabled
        ? new HealthPart(Tunnel, PartState.Unused, "Not used (Tunnel__Enabled).")
        : await AskAsync(Tunnel, "The ngrok agent does not answer: start it; Tunnel__NgrokApiUrl names it.", async limit =>
            await address.TunnelAsync(limit) is { } url
                ? (PartState.Ok, $"Open at {url}.")
                : (
                    PartState.Failing,
                    $"There is no agent, or no tunnel, at {tunnel.Value.NgrokApiUrl} (Tunnel__NgrokApiUrl): "
                    + "see that ngrok runs and that its token is right."));

    private static async Task<HealthPart> AskAsync(
        string name, string away, Func<CancellationToken, Task<(PartState State, string Says)>> ask)
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            // Some clients do not look at the token while they wait for their own time-out.
            var (state, says) = await ask(limit.Token).WaitAsync(limit.Token);
            return new HealthPart(name, state, says);
        }
        catch (ImageRefusedException e)
        {
            return new HealthPart(name, PartState.Failing, e.Message);
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException or ImageUnavailableException or EngineUnavailableException
            or GitHubUnavailableException || TransientHttp.IsNoAnswer(e, CancellationToken.None) || e is System.Text.Json.JsonException)
        {
            return new HealthPart(name, PartState.Failing, away);
        }
    }
}
