using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Ci.StandIn;
using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>The webhook's answers to whatever is sent to it: each has its status, and a sentence.</summary>
public sealed class WebhookHttpTests(Azurite azurite, WebhookHttpTests.SharedHost shared)
    : IClassFixture<WebhookHttpTests.SharedHost>, IDisposable
{
    private static int _pulls;

    private readonly HttpClient _http = new();
    private readonly RunningHost _host = shared.Host;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task An_unsigned_delivery_is_401() =>
        await AssertAsync(await SendAsync("{}", signature: null), 401, "GitHub__WebhookSecret");

    [Fact]
    public async Task A_wrongly_signed_delivery_is_401() =>
        await AssertAsync(await SendAsync("{}", signature: GitHubStandIn.Sign("another secret", "{}"u8)), 401, "differ");

    [Fact]
    public async Task A_truncated_signature_is_401() =>
        await AssertAsync(await SendAsync("{}", signature: "sha256=12"), 401, "64 hex digits");

    /// <summary>A host's forwarder fails now and then when the worker answers before it has read what is sent: so each is sent a
    /// few times.</summary>
    [Theory]
    [InlineData(26 << 20, false, "", 413, "25 MB")]
    [InlineData(26 << 20, true, "", 413, "25 MB")]
    [InlineData(30_000_000, false, "", 413, "25 MB")]
    [InlineData(25 << 20, false, null, 401, "GitHub__WebhookSecret")]
    [InlineData(25 << 20, true, "sha256=12", 401, "64 hex digits")]
    public async Task A_large_body_is_refused_with_its_own_answer(int bytes, bool chunked, string? signature, int status, string words)
    {
        var body = new string(' ', bytes);
        for (var time = 0; time < 5; time++)
        {
            await AssertAsync(await SendAsync(body, signature: signature, chunked: chunked), status, words);
        }
    }

    [Fact]
    public async Task A_body_of_25_MB_is_taken_as_any_other() =>
        await AssertAsync(await SendAsync("{}" + new string(' ', (25 << 20) - 2), @event: "ping"), 200, "pong");

    [Theory]
    [InlineData("not json")]
    [InlineData("{\"action\":\"opened\",\"number\":1")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"action\":\"opened\"}")]
    [InlineData("{\"action\":5,\"number\":\"x\"}")]
    public async Task A_payload_of_another_shape_is_400(string body) => await AssertAsync(await SendAsync(body), 400, "payload");

    [Fact]
    public async Task A_commit_that_is_none_is_400()
    {
        var payload = Pull().Payload("opened");
        payload["pull_request"]!["head"]!["sha"] = "../../etc/passwd";

        await AssertAsync(await SendAsync(payload.ToJsonString()), 400, "head.sha");
    }

    [Fact]
    public async Task Names_of_any_length_are_cut_and_taken()
    {
        var payload = Pull().Payload("opened");
        payload["pull_request"]!["head"]!["ref"] = new string('r', 200_000);
        payload["pull_request"]!["html_url"] = "https://github.com/" + new string('u', 200_000);

        await AssertAsync(await SendAsync(payload.ToJsonString()), 202, "queued");
    }

    [Fact]
    public async Task Another_content_type_is_415() =>
        await AssertAsync(await SendAsync("{}", contentType: "text/plain"), 415, "application/json");

    [Fact]
    public async Task Without_an_event_it_is_400() => await AssertAsync(await SendAsync("{}", @event: null), 400, "X-GitHub-Event");

    [Fact]
    public async Task A_ping_is_answered() => await AssertAsync(await SendAsync("{}", @event: "ping"), 200, "pong");

    [Fact]
    public async Task An_unknown_event_is_ignored_by_name() => await AssertAsync(await SendAsync("{}", @event: "star"), 200, "star");

    [Fact]
    public async Task A_draft_is_ignored() =>
        await AssertAsync(await SendAsync((Pull() with { Draft = true }).Payload("opened").ToJsonString()), 200, "draft");

    [Fact]
    public async Task A_deleted_fork_waits_for_approval() =>
        await AssertAsync(
            await SendAsync((Pull() with { HeadRepository = null }).Payload("opened").ToJsonString()), 200, "waiting for approval");

    [Fact]
    public async Task A_form_encoded_delivery_is_accepted()
    {
        var body = "payload=" + Uri.EscapeDataString(Pull().Payload("opened").ToJsonString());

        await AssertAsync(await SendAsync(body, contentType: "application/x-www-form-urlencoded"), 202, "queued");
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("PUT")]
    [InlineData("HEAD")]
    [InlineData("OPTIONS")]
    public async Task Another_method_is_404_as_on_the_functions_host(string method)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(_host.Url, "api/webhook"));
        using var answer = await _http.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("", await answer.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task A_delivery_that_breaks_off_is_not_taken_and_the_next_is()
    {
        var host = await shared.WithoutBuildsAsync();
        var body = Encoding.UTF8.GetBytes(Pull().Payload("opened").ToJsonString());
        using (var client = new System.Net.Sockets.TcpClient("localhost", host.Url.Port))
        {
            var head =
                $"POST /api/webhook HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-GitHub-Event: pull_request\r\n"
                + $"X-Hub-Signature-256: {GitHubStandIn.Sign(CiScenario.Secret, body)}\r\nContent-Length: {body.Length}\r\n\r\n";
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head), Cancellation);
            await client.GetStream().WriteAsync(body.AsMemory(0, body.Length / 2), Cancellation);
        }

        await AssertAsync(await SendAsync("{}", @event: "ping", host: host), 200, "pong");
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Url, "api/builds"));
        request.Headers.Add("x-functions-key", CiScenario.Key);
        using var list = await _http.SendAsync(request, Cancellation);
        Assert.Equal("[]", await list.Content.ReadAsStringAsync(Cancellation));
        Assert.DoesNotContain("   at ", host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_whose_chunks_are_none_is_400()
    {
        var host = await shared.WithoutBuildsAsync();
        using var client = new System.Net.Sockets.TcpClient("localhost", host.Url.Port);
        await client.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes(
                $"POST /api/webhook HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
                + $"X-Hub-Signature-256: sha256={new string('0', 64)}\r\n\r\n!!!\r\n"),
            Cancellation);
        using var reader = new StreamReader(client.GetStream());

        Assert.StartsWith("HTTP/1.1 400", await reader.ReadToEndAsync(Cancellation), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_storage_is_away_it_is_503_and_nothing_is_accepted_and_the_host_ends_cleanly()
    {
        await using var host = await RunningHost.StartAsync(RunningHost.SettingsAlone(
            "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=AAAA;BlobEndpoint=http://127.0.0.1:1/a;"
            + "QueueEndpoint=http://127.0.0.1:1/a;TableEndpoint=http://127.0.0.1:1/a;"));

        await AssertAsync(await SendAsync(Pull().Payload("opened").ToJsonString(), host: host), 503, "Redeliver");
        Assert.Equal(0, await host.StopAsync());
    }

    [Fact]
    public async Task Without_a_secret_nothing_starts_and_the_setting_is_named()
    {
        await using var host = RunningHost.Start(
            TestEnvironment.FreePort(), RunningHost.SettingsAlone(azurite.NewAccount(), ("GitHub__WebhookSecret", "")));

        Assert.Equal(1, await host.WaitForExitAsync());
        Assert.Contains("GitHub__WebhookSecret is empty", host.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_func_start_prints_is_printed()
    {
        await TestEnvironment.UntilAsync(
            () => Task.FromResult(_host.Output.Contains("Webhook:", StringComparison.Ordinal)), "the functions' list");

        Assert.Contains(
            $"Functions:\n\n\tBuild: queueTrigger\n\n\tCancelBuild: [POST] {_host.Url}api/builds/{{id}}/cancel\n",
            _host.Output.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Contains($"\tWebhook: [POST] {_host.Url}api/webhook\n", _host.Output.ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_build_is_404_with_a_sentence()
    {
        using var answer = await _http.GetAsync(new Uri(_host.Url, "api/builds/abcdefghijklmnopqrstuvwxyz"), Cancellation);

        await AssertAsync(answer, 404, "no build");
    }

    private static PullRequestState Pull() => new()
    {
        Repository = "sample/repository",
        Number = Interlocked.Increment(ref _pulls),
        Branch = "x",
        Head = new string('a', 40),
        Title = "A change",
        HeadRepository = "sample/repository",
    };

    private static async Task AssertAsync(HttpResponseMessage answer, int status, string words)
    {
        var body = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.Equal((status, body), ((int)answer.StatusCode, body));
        var sentence = JsonNode.Parse(body)!;
        Assert.Contains(words, (sentence["error"] ?? sentence["verdict"])!.GetValue<string>(), StringComparison.Ordinal);
        answer.Dispose();
    }

    private async Task<HttpResponseMessage> SendAsync(
        string body, string? @event = "pull_request", string? signature = "", string contentType = "application/json",
        RunningHost? host = null, bool chunked = false)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        using var request =
            new HttpRequestMessage(HttpMethod.Post, new Uri((host ?? _host).Url, "api/webhook")) { Content = new ByteArrayContent(bytes) };
        request.Content.Headers.ContentType = new(contentType);
        request.Headers.TransferEncodingChunked = chunked;
        request.Headers.Add("X-GitHub-Delivery", Guid.NewGuid().ToString());
        if (@event is not null)
        {
            request.Headers.Add("X-GitHub-Event", @event);
        }

        if (signature is not null)
        {
            request.Headers.Add("X-Hub-Signature-256", signature == "" ? GitHubStandIn.Sign(CiScenario.Secret, bytes) : signature);
        }

        return await _http.SendAsync(request, Cancellation);
    }

    /// <summary>Hosts without GitHub, engine and registry, for all tests that only send them something.</summary>
    public sealed class SharedHost(Azurite azurite) : IAsyncLifetime
    {
        private RunningHost? _withoutBuilds;

        public RunningHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            await azurite.StartAsync();
            Host = await RunningHost.StartAsync(RunningHost.SettingsAlone(azurite.NewAccount()));
        }

        /// <summary>One that takes no builds from the queue, and so says nothing of them.</summary>
        public async Task<RunningHost> WithoutBuildsAsync() => _withoutBuilds ??= await RunningHost.StartAsync(RunningHost.SettingsAlone(
            azurite.NewAccount(), ("AzureFunctionsJobHost__functions__0", "Webhook"),
            ("AzureFunctionsJobHost__functions__1", "ListBuilds")));

        public async ValueTask DisposeAsync()
        {
            await Host.DisposeAsync();
            await (_withoutBuilds?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }
}
