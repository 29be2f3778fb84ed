namespace Ci.Tests.Tunnel;

public sealed class TunnelRegistrationTests : IAsyncLifetime
{
    private TunnelFixture _tunnel = null!;

    public async ValueTask InitializeAsync() => _tunnel = await TunnelFixture.CreateAsync();

    public ValueTask DisposeAsync() => _tunnel.DisposeAsync();

    [Fact]
    public async Task A_repository_without_a_webhook_gets_one_at_the_public_address_and_it_is_pinged()
    {
        await _tunnel.StartAsync();

        await _tunnel.LogsAsync("GitHub's ping arrived (200)");
        var hook = Assert.Single(_tunnel.GitHub.Hooks);
        Assert.Equal("web", (string?)hook["name"]);
        Assert.Equal(true, (bool?)hook["active"]);
        Assert.Equal("""["pull_request","issue_comment"]""", hook["events"]!.ToJsonString());
        Assert.Equal(
            $$"""{"url":"https://first.ngrok-free.app/api/webhook","content_type":"json","secret":"{{TunnelFixture.Secret}}","insecure_ssl":"0"}""",
            hook["config"]!.ToJsonString());
        Assert.Equal(1, _tunnel.GitHub.Pinged);
    }

    [Fact]
    public async Task A_restart_under_a_new_address_updates_the_webhook_of_the_last_one()
    {
        var id = _tunnel.GitHub.Add("https://yesterday.ngrok-free.app/api/webhook");

        await _tunnel.StartAsync();

        await _tunnel.LogsAsync("webhook updated");
        var hook = Assert.Single(_tunnel.GitHub.Hooks);
        Assert.Equal(id, (long?)hook["id"]);
        Assert.Equal("https://first.ngrok-free.app/api/webhook", (string?)hook["config"]!["url"]);
    }

    [Fact]
    public async Task A_webhook_with_the_very_address_is_updated_though_its_domain_is_not_one_of_ngroks()
    {
        _tunnel.Ngrok.PublicUrls = ["https://ci.example.org"];
        _tunnel.GitHub.Add("https://ci.example.org/api/webhook");

        await _tunnel.StartAsync();

        await _tunnel.LogsAsync("webhook updated");
        Assert.Single(_tunnel.GitHub.Hooks);
    }

    [Theory]
    [InlineData("https://chat.example.org/api/webhook")]
    [InlineData("https://yesterday.ngrok-free.app/other")]
    [InlineData("https://notngrok.io/api/webhook")]
    public async Task Webhooks_of_others_are_left_alone(string url)
    {
        _tunnel.GitHub.Add(url);

        await _tunnel.StartAsync();

        await _tunnel.LogsAsync("webhook created");
        Assert.Equal(url, (string?)_tunnel.GitHub.Hooks.First()["config"]!["url"]);
        Assert.Equal(2, _tunnel.GitHub.Hooks.Count);
    }

    [Fact]
    public async Task It_waits_for_an_agent_that_is_not_there_yet()
    {
        _tunnel.Ngrok.Starting = true;
        await _tunnel.StartAsync();
        await _tunnel.LogsAsync("Is ngrok running?");

        _tunnel.Ngrok.Starting = false;

        await _tunnel.LogsAsync("webhook created");
    }

    [Fact]
    public async Task It_waits_for_an_https_tunnel_and_takes_no_other()
    {
        _tunnel.Ngrok.PublicUrls = ["tcp://0.tcp.ngrok.io:12345", "http://plain.ngrok.io"];
        await _tunnel.StartAsync();
        await _tunnel.LogsAsync("Waiting for an https tunnel");

        _tunnel.Ngrok.PublicUrls = ["tcp://0.tcp.ngrok.io:12345", "https://late.ngrok.io"];

        await _tunnel.LogsAsync("https://late.ngrok.io/api/webhook");
    }

    [Fact]
    public async Task An_agent_that_comes_back_under_another_address_is_followed()
    {
        await _tunnel.StartAsync();
        await _tunnel.LogsAsync("GitHub's ping arrived");

        _tunnel.Ngrok.PublicUrls = ["https://second.ngrok-free.app"];

        await _tunnel.LogsAsync("webhook updated, GitHub delivers pull requests to https://second.ngrok-free.app/api/webhook");
        Assert.Single(_tunnel.GitHub.Hooks);
    }

    [Fact]
    public async Task Each_repository_of_the_list_is_registered()
    {
        await _tunnel.StartAsync(("Tunnel:Repositories", "octo/app, octo/web,"));

        await _tunnel.LogsAsync("octo/app: GitHub's ping arrived");
        await _tunnel.LogsAsync("octo/web: GitHub's ping arrived");
    }

    [Theory]
    [InlineData(401, "Bad credentials", "wrong, expired or revoked")]
    [InlineData(403, "Resource not accessible by personal access token", "give the token in GitHub__Token the permission Webhooks: read and write on octo/app")]
    [InlineData(404, "Not Found", "give the token in GitHub__Token the permission Webhooks: read and write on octo/app")]
    [InlineData(422, "Validation Failed", "Settings, Webhooks")]
    public async Task A_refusal_is_logged_with_what_to_do_and_the_host_goes_on(int status, string message, string advice)
    {
        _tunnel.GitHub.Refusals.Enqueue((status, message));

        await _tunnel.StartAsync();

        var line = await _tunnel.LogsAsync("the webhook could not be set");
        Assert.StartsWith("Error: octo/app:", line, StringComparison.Ordinal);
        Assert.Contains($"GitHub answered {status} ({message})", line, StringComparison.Ordinal);
        Assert.Contains(advice, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, "Bad credentials", "It refused GitHub App 123456: see that GitHub__AppId and the private key are of one App")]
    [InlineData(404, "Not Found", "give GitHub App 123456 the permission Webhooks: read and write and install it on octo/app")]
    public async Task A_refusal_of_a_GitHub_App_names_the_App(int status, string message, string advice)
    {
        _tunnel.GitHub.Refusals.Enqueue((status, message));

        await _tunnel.StartAsync(("GitHub:AppId", "123456"));

        Assert.Contains(advice, await _tunnel.LogsAsync("the webhook could not be set"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_for_good_is_not_repeated_at_every_look()
    {
        _tunnel.GitHub.Refusals.Enqueue((404, "Not Found"));
        await _tunnel.StartAsync();
        await _tunnel.LogsAsync("the webhook could not be set");

        await _tunnel.Ngrok.IsAskedAsync(times: 5);
        await _tunnel.StopAsync();
        Assert.Single(_tunnel.Logged, line => line.Contains("could not be set", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_passes_is_tried_again()
    {
        for (var i = 0; i < 3; i++)
        {
            _tunnel.GitHub.Refusals.Enqueue((502, "Server Error"));
        }

        await _tunnel.StartAsync();

        await _tunnel.LogsAsync("GitHub answered 502 (Server Error) when asked to list the webhooks of octo/app. It is tried again.");
        await _tunnel.LogsAsync("webhook created");
    }

    [Fact]
    public async Task A_ping_that_came_too_early_is_repeated()
    {
        _tunnel.GitHub.PingOutcomes.Enqueue(502);

        await _tunnel.StartAsync();

        await _tunnel.LogsAsync("GitHub's ping arrived (200)");
        Assert.Equal(2, _tunnel.GitHub.Pinged);
    }

    [Fact]
    public async Task A_ping_that_never_arrives_is_a_warning_that_says_where_to_look()
    {
        for (var i = 0; i < 5; i++)
        {
            _tunnel.GitHub.PingOutcomes.Enqueue(502);
        }

        await _tunnel.StartAsync();

        var line = await _tunnel.LogsAsync("GitHub's ping was not taken (502 Bad Gateway)");
        Assert.StartsWith("Warning:", line, StringComparison.Ordinal);
        Assert.Contains("Recent deliveries", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Neither_the_secret_nor_the_token_is_ever_logged()
    {
        _tunnel.GitHub.Refusals.Enqueue((500, "Server Error"));
        await _tunnel.StartAsync();
        await _tunnel.LogsAsync("GitHub's ping arrived");
        await _tunnel.StopAsync();

        Assert.DoesNotContain(_tunnel.Logged, line => line.Contains(TunnelFixture.Secret, StringComparison.Ordinal));
        Assert.DoesNotContain(_tunnel.Logged, line => line.Contains(HooksStandIn.Token, StringComparison.Ordinal));
    }
}
