using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Ci.StandIn;
using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>Who may come in, and what every answer says to a browser.</summary>
public sealed partial class ApiAuthorizationTests(Azurite azurite, ApiAuthorizationTests.SharedHost shared)
    : IClassFixture<ApiAuthorizationTests.SharedHost>, IDisposable
{
    private const string AddressHeader = "X-Ci-Client-Address";
    private const string Unknown = "aaaaaaaaaaaaaaaaaaaaaaaaaa";

    // What everybody may see who knows where it is; GitHub signs what it sends.
    private static readonly string[] Open =
        ["GetBadge", "GetBuild", "GetBuildEvents", "GetBuildLog", "GetPageAsset", "Health", "SignIn", "SignInPage", "SignOut", "Webhook"];

    private readonly RunningHost _host = shared.Host;
    private readonly HttpClient _http = Browser(shared.Host);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task Without_the_key_only_what_is_meant_to_be_open_is()
    {
        var closed = new List<string>();
        foreach (var (name, method, path) in await FunctionsAsync())
        {
            using var answer = await SendAsync(method, path);
            if (answer.StatusCode == HttpStatusCode.Unauthorized && name != "Webhook")
            {
                closed.Add(name);
            }
        }

        Assert.Equal((await FunctionsAsync()).Select(f => f.Name).Except(Open).Order(), closed.Order());
        Assert.Contains("CancelBuild", closed);
    }

    [Fact]
    public async Task Every_answer_tells_browsers_to_be_strict()
    {
        foreach (var (_, method, path) in await FunctionsAsync())
        {
            using var answer = await SendAsync(method, path);

            Assert.Equal("nosniff", Header(answer, "X-Content-Type-Options"));
            Assert.Equal("no-referrer", Header(answer, "Referrer-Policy"));
            var policy = Header(answer, "Content-Security-Policy");
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_key_opens_as_header_and_in_the_query()
    {
        using var byHeader = await SendAsync("GET", "api/builds", ("x-functions-key", CiScenario.Key));
        using var byQuery = await SendAsync("GET", "api/builds?code=" + Uri.EscapeDataString(CiScenario.Key));
        using var wrong = await SendAsync("GET", "api/builds?code=wrong");

        Assert.Equal([200, 200, 401], [(int)byHeader.StatusCode, (int)byQuery.StatusCode, (int)wrong.StatusCode]);
    }

    [Fact]
    public async Task A_browser_is_led_to_the_sign_in_and_from_there_to_the_builds()
    {
        using var led = await SendAsync("GET", "api/builds", ("Accept", "text/html"));
        using var page = await SendAsync("GET", led.Headers.Location!.ToString());
        using var signedIn = await SignInAsync(CiScenario.Key);
        using var builds = await SendAsync("GET", signedIn.Headers.Location!.ToString());

        Assert.Equal("/api/sign-in", led.Headers.Location!.ToString());
        Assert.Contains("name=\"key\" type=\"password\"", await page.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.SeeOther, HttpStatusCode.OK), (signedIn.StatusCode, builds.StatusCode));
    }

    [Fact]
    public async Task The_cookie_is_for_this_site_alone_and_not_for_scripts()
    {
        using var signedIn = await SignInAsync(CiScenario.Key);

        var cookie = Header(signedIn, "Set-Cookie").ToLowerInvariant();
        Assert.All(["httponly", "samesite=strict", "path=/api"], part => Assert.Contains(part, cookie, StringComparison.Ordinal));
        Assert.DoesNotContain(CiScenario.Key, cookie, StringComparison.Ordinal);
        Assert.DoesNotContain("secure", cookie, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_cookie_is_for_TLS_alone_where_the_browser_came_by_the_public_address()
    {
        await using var host = await RunningHost.StartAsync(Settings(azurite, ("Report__PublicUrl", "https://ci.example.org")));
        // No browser can claim it: the Functions host sets these headers anew.
        using var byTunnel = await SignInAsync(CiScenario.Key, host, ("Host", "ci.example.org"), ("X-Forwarded-Proto", "http"));
        using var onThisMachine = await SignInAsync(CiScenario.Key, host, ("Host", "localhost"), ("X-Forwarded-Proto", "https"));

        Assert.Contains("secure", Header(byTunnel, "Set-Cookie"), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("secure", Header(onThisMachine, "Set-Cookie"), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_strangers_guesses_do_not_lock_out_who_has_the_key()
    {
        var guesses = new List<int>();
        foreach (var number in Enumerable.Range(0, 8))
        {
            using var guess = await SendAsync("GET", "api/builds", ("x-functions-key", $"guess {number}"));
            guesses.Add((int)guess.StatusCode);
        }

        // Behind a tunnel, owner and stranger may have one address.
        using var right = await SendAsync("GET", "api/builds", ("x-functions-key", CiScenario.Key));
        using var signedIn = await SignInAsync(CiScenario.Key);

        Assert.Contains(429, guesses);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.SeeOther), (right.StatusCode, signedIn.StatusCode));
    }

    [Fact]
    public async Task A_strangers_requests_do_not_lock_out_who_has_the_key()
    {
        await using var host = await RunningHost.StartAsync(Settings(azurite, ("Api__RequestsPerMinute", "1")));
        using var http = new HttpClient { BaseAddress = host.Url };
        await TestEnvironment.UntilAsync(
            async () =>
            {
                using var answer = await http.GetAsync(new Uri($"api/builds/{Unknown}", UriKind.Relative), Cancellation);
                return answer.StatusCode == HttpStatusCode.TooManyRequests;
            },
            "429");

        using var guess = await SignInAsync("a guess", host);
        using var signedIn = await SignInAsync(CiScenario.Key, host);

        Assert.Equal((HttpStatusCode.TooManyRequests, HttpStatusCode.SeeOther), (guess.StatusCode, signedIn.StatusCode));
    }

    [Theory]
    [InlineData("GET", "api/health")]
    [InlineData("GET", "api/builds")]
    [InlineData("POST", "api/sign-in")]
    public async Task Guessing_ends_soon_wherever_a_right_key_would_be_seen(string method, string path)
    {
        var statuses = new List<HttpStatusCode>();
        await TestEnvironment.UntilAsync(
            async () =>
            {
                using var answer = method == "POST" ? await SignInAsync($"guess {statuses.Count}")
                    : await SendAsync(method, path, ("x-functions-key", $"guess {statuses.Count}"));
                statuses.Add(answer.StatusCode);
                return statuses[^1] == HttpStatusCode.TooManyRequests;
            },
            "429",
            onTimeout: () => string.Join(' ', statuses));

        Assert.InRange(statuses.Count, 6, 500);
    }

    [Theory]
    [InlineData("/api/assets/../health")]
    [InlineData("/api/assets/%2e%2e/health")]
    public async Task A_hosts_web_server_resolves_dots_so_that_a_tunnel_must_not_pass_them_on(string path)
    {
        using var client = new System.Net.Sockets.TcpClient("localhost", _host.Url.Port);
        await client.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), Cancellation);
        using var reader = new StreamReader(client.GetStream());

        Assert.Contains("\"parts\"", await reader.ReadToEndAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_key_signs_nobody_in()
    {
        using var answer = await SignInAsync("a guess");

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.False(answer.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task Signing_out_takes_the_cookie_away()
    {
        using var signedIn = await SignInAsync(CiScenario.Key);
        using var signedOut = await SendAsync("POST", "api/sign-out");
        using var builds = await SendAsync("GET", "api/builds");

        Assert.Equal(HttpStatusCode.Unauthorized, builds.StatusCode);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Origin", "https://elsewhere.example")]
    [InlineData("Origin", "null")]
    public async Task Another_sites_page_does_nothing_in_a_signed_in_browsers_name(string header, string value)
    {
        using var signedIn = await SignInAsync(CiScenario.Key);
        using var forged = await SendAsync("POST", $"api/builds/{Unknown}/cancel", (header, value));
        using var own = await SendAsync("POST", $"api/builds/{Unknown}/cancel", ("Sec-Fetch-Site", "same-origin"));

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.NotFound), (forged.StatusCode, own.StatusCode));
    }

    [Fact]
    public async Task An_address_with_too_many_wrong_signatures_waits_while_GitHubs_own_are_taken()
    {
        var statuses = new List<int>();
        await TestEnvironment.UntilAsync(
            async () =>
            {
                using var answer = await DeliverAsync("{}", "sha256=" + new string('0', 64));
                statuses.Add((int)answer.StatusCode);
                return statuses[^1] == 429;
            },
            "429",
            onTimeout: () => string.Join(' ', statuses));

        using var genuine = await DeliverAsync("{}", GitHubStandIn.Sign(CiScenario.Secret, "{}"u8));

        Assert.All(statuses[..^1], status => Assert.Equal(401, status));
        Assert.True(statuses.Count > 5);
        Assert.Equal(HttpStatusCode.OK, genuine.StatusCode);
    }

    [Fact]
    public async Task An_address_with_too_many_requests_waits_and_another_does_not()
    {
        await using var host = await RunningHost.StartAsync(
            Settings(azurite, ("Api__RequestsPerMinute", "3"), ("Api__ClientAddressHeader", AddressHeader)));
        using var http = new HttpClient { BaseAddress = host.Url };

        await TestEnvironment.UntilAsync(async () => await AskAsync("198.51.100.1") == 429, "429");

        Assert.Equal(404, await AskAsync("198.51.100.2"));

        async Task<int> AskAsync(string source)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"api/builds/{Unknown}");
            request.Headers.Add(AddressHeader, source);
            using var answer = await http.SendAsync(request, Cancellation);
            return (int)answer.StatusCode;
        }
    }

    [Fact]
    public async Task What_a_client_says_of_its_address_is_not_believed_unless_a_setting_says_so()
    {
        await using var host = await RunningHost.StartAsync(Settings(azurite, ("Api__RequestsPerMinute", "3")));
        using var http = new HttpClient { BaseAddress = host.Url };
        var number = 0;

        await TestEnvironment.UntilAsync(
            async () =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, $"api/builds/{Unknown}");
                foreach (var header in new[] { AddressHeader, "X-Forwarded-For", "Forwarded" })
                {
                    request.Headers.Add(header, $"198.51.100.{++number % 250}");
                }

                using var answer = await http.SendAsync(request, Cancellation);
                return answer.StatusCode == HttpStatusCode.TooManyRequests;
            },
            "429");
    }

    [Fact]
    public async Task A_repository_that_the_settings_do_not_name_is_refused()
    {
        await using var host = await RunningHost.StartAsync(Settings(azurite, ("GitHub__Repositories", "owner/*")));
        var body = new PullRequestState
        {
            Repository = "other/one",
            Number = 1,
            Branch = "b",
            Head = new string('a', 40),
            Title = "t",
        }.Payload("opened").ToJsonString();

        using var answer = await DeliverAsync(
            body, GitHubStandIn.Sign(CiScenario.Secret, Encoding.UTF8.GetBytes(body)), "pull_request", host);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Contains("GitHub__Repositories", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repository_with_a_full_queue_is_told_so_and_its_merges_are_taken_all_the_same()
    {
        await using var host = await RunningHost.StartAsync(
            Settings(azurite, ("Build__MaxQueued", "2"), ("AzureFunctionsJobHost__extensions__queues__newBatchThreshold", "0")));
        var statuses = new List<int>();
        foreach (var number in Enumerable.Range(1, 9))
        {
            statuses.Add(await OpenAsync(host, number, "opened", merged: false));
        }

        Assert.Contains(429, statuses);
        Assert.Equal(202, await OpenAsync(host, 10, "closed", merged: true));
    }

    private static Dictionary<string, string?> Settings(Azurite azurite, params (string Name, string? Value)[] more) =>
        RunningHost.SettingsAlone(azurite.NewAccount(), [("Api__FailuresPerMinute", "5"), .. more]);

    /// <summary>A browser with a cookie jar and an address of its own, so that no test waits for what another has done.</summary>
    private static HttpClient Browser(RunningHost host)
    {
        var browser = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = host.Url };
        browser.DefaultRequestHeaders.Add(AddressHeader, new IPAddress(RandomNumberGenerator.GetBytes(16)).ToString());
        return browser;
    }

    /// <summary>The HTTP functions as the host lists them at its start, each with an address that would reach it.</summary>
    private async Task<IReadOnlyList<(string Name, string Method, string Path)>> FunctionsAsync()
    {
        await TestEnvironment.UntilAsync(
            () => Task.FromResult(_host.Output.Contains("Webhook:", StringComparison.Ordinal)), "the functions' list");
        var listed = Listed().Matches(_host.Output.ReplaceLineEndings("\n"));
        Assert.True(listed.Count > 9);
        return [.. listed.Select(f => (f.Groups[1].Value, f.Groups[2].Value, Regex.Replace(f.Groups[3].Value, @"\{\w+\}", Unknown)))];
    }

    private async Task<int> OpenAsync(RunningHost host, int number, string action, bool merged)
    {
        var pull = new PullRequestState
        {
            Repository = "owner/one",
            Number = number,
            Branch = "b",
            Head = new string('a', 40),
            Title = "t",
            HeadRepository = "owner/one",
            Merged = merged,
            UpdatedAt = DateTimeOffset.UtcNow,
        };
        var body = pull.Payload(action).ToJsonString();
        using var answer = await DeliverAsync(
            body, GitHubStandIn.Sign(CiScenario.Secret, Encoding.UTF8.GetBytes(body)), "pull_request", host);
        return (int)answer.StatusCode;
    }

    private Task<HttpResponseMessage> SignInAsync(string key) => SignInAsync(key, _host);

    private async Task<HttpResponseMessage> SignInAsync(string key, RunningHost host, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(host.Url, "api/sign-in"))
        {
            Content = new FormUrlEncodedContent([KeyValuePair.Create("key", key)]),
        };
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return await _http.SendAsync(request, Cancellation);
    }

    private async Task<HttpResponseMessage> DeliverAsync(string body, string signature, string @event = "ping", RunningHost? host = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri((host ?? _host).Url, "api/webhook"))
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("X-GitHub-Event", @event);
        request.Headers.Add("X-Hub-Signature-256", signature);
        return await _http.SendAsync(request, Cancellation);
    }

    private async Task<HttpResponseMessage> SendAsync(string method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return await _http.SendAsync(request, Cancellation);
    }

    private static string Header(HttpResponseMessage answer, string name) => Assert.Single(answer.Headers.GetValues(name));

    [GeneratedRegex(@"\t(\w+): \[(\w+)\] http://[^/]+/(\S+)\n")]
    private static partial Regex Listed();

    /// <summary>The host of all tests that need no settings of their own; it goes by the addresses that the clients give.</summary>
    public sealed class SharedHost(Azurite azurite) : IAsyncLifetime
    {
        public RunningHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            await azurite.StartAsync();
            Host = await RunningHost.StartAsync(Settings(azurite, ("Api__ClientAddressHeader", AddressHeader)));
        }

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
