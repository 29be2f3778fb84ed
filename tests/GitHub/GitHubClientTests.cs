using System.Globalization;
using System.Net;
using Ci.Pipeline.GitHub;
using static Ci.Tests.GitHub.ScriptedGitHub;

namespace Ci.Tests.GitHub;

/// <summary>The one policy: what each answer of GitHub means, and what is sent then.</summary>
public sealed class GitHubClientTests
{
    private const string Secondary = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    private const string Found = """{"resources":{"core":{"limit":5000,"remaining":4999,"reset":1}}}""";

    // Where the clock of these tests begins, in seconds since 1970.
    private const long Now = 1_767_225_600;

    private static readonly GitHubRequest Read = new(HttpMethod.Get, "o/r", "thing", "read the thing of o/r", "Contents: read");

    private readonly SkippedTime _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // GitHub Docs, "Rate limits for the REST API": what is not said is at least a minute.
    public static TheoryData<int, string, string, int> Limits => new()
    {
        { 403, "Retry-After: 60", Secondary, 60 },
        { 429, "Retry-After: 60", Secondary, 60 },
        { 403, "Retry-After: 60\nx-ratelimit-remaining: 4999\nx-ratelimit-reset: " + (Now + 1200), Secondary, 60 },
        { 403, "Retry-After: 60\nx-ratelimit-remaining: 0\nx-ratelimit-reset: " + (Now + 1200), "API rate limit exceeded", 60 },
        { 403, "Retry-After: Thu, 01 Jan 2026 00:05:00 GMT", "", 300 },
        { 403, "x-ratelimit-remaining: 0\nx-ratelimit-reset: " + (Now + 1200), "API rate limit exceeded for 192.0.2.1.", 1200 },
        { 429, "x-ratelimit-remaining: 0\nx-ratelimit-reset: " + (Now + 1200), "", 1200 },
        { 403, "x-ratelimit-remaining: 0\nx-ratelimit-reset: 9223372036854775807", "", 60 },
        { 403, "x-ratelimit-remaining: 0\nx-ratelimit-reset: soon", "", 60 },
        { 403, "x-ratelimit-remaining: 0", "", 60 },
        { 403, "x-ratelimit-remaining: 4999\nx-ratelimit-reset: " + (Now + 1200), Secondary, 60 },
        { 403, "", Secondary, 60 },
        { 403, "", "You have triggered an abuse detection mechanism. Please wait a few minutes before you try again.", 60 },
        { 403, "", "API rate limit exceeded for installation ID 1.", 60 },
        { 429, "", "", 60 },
        { 429, "Retry-After: 99999999", "", 3600 },
    };

    [Theory]
    [MemberData(nameof(Limits))]
    public async Task A_long_rate_limit_is_told_with_how_long_to_wait_and_nothing_is_sent_meanwhile(int status, string headers, string message, int seconds)
    {
        var gitHub = new ScriptedGitHub(Problem(status, message, headers), Answer(200, body: Found));
        var client = Client(gitHub);

        var limited = await Assert.ThrowsAsync<GitHubUnavailableException>(() => SendAsync(client));
        _time.Advance(TimeSpan.FromSeconds(seconds - 11));
        var still = await Assert.ThrowsAsync<GitHubUnavailableException>(() => SendAsync(client));
        _time.Advance(TimeSpan.FromSeconds(11));
        await SendAsync(client);

        Assert.Equal((TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(11)), (limited.RetryAfter, still.RetryAfter));
        Assert.Equal((2, 0), (gitHub.Requests.Count, _time.Pauses.Count));
    }

    [Theory]
    [InlineData(403, "Retry-After: 3", 3)]
    [InlineData(429, "Retry-After: 10", 10)]
    [InlineData(403, "Retry-After: 0", 0.5)]
    [InlineData(429, "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT", 0.5)]
    [InlineData(403, "x-ratelimit-remaining: 0\nx-ratelimit-reset: 1767225607", 7)]
    [InlineData(403, "x-ratelimit-remaining: 0\nx-ratelimit-reset: 1445412480", 0.5)]
    public async Task A_short_rate_limit_is_waited_out(int status, string headers, double seconds)
    {
        var gitHub = new ScriptedGitHub(Problem(status, "", headers), Answer(200, body: Found));

        await SendAsync(Client(gitHub));

        Assert.Equal([TimeSpan.FromSeconds(seconds)], _time.Pauses);
    }

    [Fact]
    public async Task A_secondary_limit_without_a_time_is_waited_out_longer_each_time_until_GitHub_takes_something()
    {
        var limit = Problem(403, Secondary);
        var client = Client(new ScriptedGitHub(limit, limit, limit, Answer(200, body: Found), limit));
        var waits = new List<double>();

        for (var i = 0; i < 5; i++)
        {
            var e = await Record.ExceptionAsync(() => SendAsync(client));
            waits.Add((e as GitHubUnavailableException)?.RetryAfter?.TotalMinutes ?? 0);
            _time.Advance(TimeSpan.FromMinutes(waits[^1]));
        }

        Assert.Equal([1, 2, 4, 0, 1], waits);
    }

    [Theory]
    [InlineData(401, "Bad credentials", "", "It refused the token in GitHub__Token: it is wrong, expired or revoked", null)]
    [InlineData(403, "Resource not accessible by personal access token", "", "the permission Contents: read on o/r", "Contents: read")]
    [InlineData(403, "Resource not accessible by integration", "x-ratelimit-remaining: 4999\nx-accepted-github-permissions: statuses=write", "the permission Commit statuses: read and write on o/r", "Commit statuses: read and write")]
    [InlineData(403, "Resource not accessible by integration", "x-accepted-github-permissions: issues=write; pull_requests=write", "the permission Issues: read and write or Pull requests: read and write", "Issues: read and write or Pull requests: read and write")]
    [InlineData(403, "Resource not accessible by integration", "x-accepted-github-permissions: contents=read,repository_hooks=admin", "the permission Contents: read and Webhooks: admin", "Contents: read and Webhooks: admin")]
    [InlineData(403, "Resource not accessible by integration", "x-accepted-github-permissions: ", "the permission Contents: read", "Contents: read")]
    [InlineData(404, "Not Found", "x-ratelimit-remaining: 0", "It is not there, or this host is not shown it; if it is there, give the token", "Contents: read")]
    [InlineData(400, "Problems parsing JSON", "", "", null)]
    [InlineData(409, "Git Repository is empty.", "", "", null)]
    [InlineData(410, "This issue was deleted", "", "", null)]
    [InlineData(422, "Validation Failed", "", "", null)]
    [InlineData(451, "Repository access blocked", "", "", null)]
    public async Task What_GitHub_refuses_is_told_with_what_to_do_and_not_repeated(int status, string message, string headers, string words, string? permission)
    {
        var gitHub = new ScriptedGitHub(Problem(status, message, headers));

        var e = await Assert.ThrowsAsync<GitHubRefusedException>(() => SendAsync(Client(gitHub)));

        Assert.StartsWith($"GitHub answered {status} ({message}) when asked to read the thing of o/r.", e.Message, StringComparison.Ordinal);
        Assert.Contains(words, e.Message, StringComparison.Ordinal);
        Assert.Equal(((HttpStatusCode)status, permission), (e.Status, e.Permission));
        Assert.Single(gitHub.Requests);
    }

    public static TheoryData<string> Troubles => ["408", "500", "502", "503", "504", "no answer", "time-out", "cut"];

    [Theory]
    [MemberData(nameof(Troubles))]
    public async Task What_may_pass_is_tried_three_times(string trouble)
    {
        var lasting = new ScriptedGitHub(Trouble(trouble));
        var passing = new ScriptedGitHub(Trouble(trouble), Trouble(trouble), Answer(200, body: Found));

        var e = await Assert.ThrowsAsync<GitHubUnavailableException>(() => SendAsync(Client(lasting)));
        Assert.Equal([TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1)], _time.Pauses);
        await SendAsync(Client(passing));

        Assert.Equal((3, 3), (lasting.Requests.Count, passing.Requests.Count));
        Assert.Equal(int.TryParse(trouble, CultureInfo.InvariantCulture, out var status) ? (HttpStatusCode)status : null, e.Status);
    }

    [Fact]
    public async Task A_server_in_trouble_may_say_when_to_come_back()
    {
        var gitHub = new ScriptedGitHub(Answer(503, "Retry-After: 30"));

        var e = await Assert.ThrowsAsync<GitHubUnavailableException>(() => SendAsync(Client(gitHub)));

        Assert.Equal((TimeSpan.FromSeconds(30), 1), (e.RetryAfter, gitHub.Requests.Count));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("<html>")]
    [InlineData("{\"resources\":{\"core\":{\"limit\":\"many\"}}}")]
    public async Task An_answer_that_is_none_is_for_a_later_try(string body)
    {
        var gitHub = new ScriptedGitHub(Answer(200, body: body));

        await Assert.ThrowsAsync<GitHubUnavailableException>(() => SendAsync(Client(gitHub)));

        Assert.Single(gitHub.Requests);
    }

    [Fact]
    public async Task Who_gives_up_is_not_told_that_GitHub_is_away()
    {
        using var stop = new CancellationTokenSource();
        var gitHub = new ScriptedGitHub(() =>
        {
            stop.Cancel();
            throw new TaskCanceledException();
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Client(gitHub).SendAsync(Read, stop.Token));

        Assert.Single(gitHub.Requests);
    }

    [Theory]
    [InlineData("502")]
    [InlineData("no answer")]
    [InlineData("time-out")]
    public async Task What_would_be_there_twice_is_looked_for_before_it_is_sent_again(string trouble)
    {
        var taken = new ScriptedGitHub(Trouble(trouble));
        var lost = new ScriptedGitHub(Trouble(trouble), Answer(201, body: "{\"id\":2}"));
        var looks = 0;

        var found = await CreateAsync(taken, new Hook(1, null));
        var made = await CreateAsync(lost, null);

        Assert.Equal((1L, 2L, 2), (found.Id, made.Id, looks));
        Assert.Equal((1, 2), (taken.Requests.Count, lost.Requests.Count));

        Task<Hook> CreateAsync(ScriptedGitHub gitHub, Hook? there) => Client(gitHub).CreateAsync(
            Read with { Method = HttpMethod.Post },
            GitHubJson.Default.Hook,
            _ =>
            {
                looks++;
                return Task.FromResult(there);
            },
            Cancellation);
    }

    [Fact]
    public async Task A_comment_whose_answer_was_lost_is_found_by_its_marker()
    {
        var gitHub = new ScriptedGitHub(Trouble("time-out"), Answer(200, body: """[{"id":7,"body":"<!-- ours -->\nx","user":{"login":"me"}}]"""));

        var comment = await new IssueComments(Client(gitHub)).CreateAsync("o/r", 1, "<!-- ours -->", null, "<!-- ours -->\nx", Cancellation);

        Assert.Equal(7, comment.Id);
        Assert.Equal(["POST", "GET"], gitHub.Methods);
    }

    [Fact]
    public async Task A_check_run_whose_answer_was_lost_is_found_by_its_external_id()
    {
        var nothing = Answer(200, body: """{"total_count":0,"check_runs":[]}""");
        var there = Answer(200, body: """{"total_count":2,"check_runs":[{"id":6,"external_id":"other"},{"id":7,"external_id":"build"}]}""");
        var gitHub = new ScriptedGitHub(nothing, Trouble("502"), there);
        var later = new ScriptedGitHub(there, Answer(200));

        Assert.Equal((7, 7), (await SaveAsync(gitHub), await SaveAsync(later)));
        Assert.Equal(["GET", "POST", "GET"], gitHub.Methods);
        Assert.Equal(["GET", "PATCH"], later.Methods);

        Task<long> SaveAsync(ScriptedGitHub scripted) => new CheckRunClient(Client(scripted)).SaveAsync(
            "o/r", null, new CheckRun { Name = "n", HeadSha = new string('a', 40), ExternalId = "build", Status = "queued", Output = new("t", "s") }, Cancellation);
    }

    [Fact]
    public async Task A_webhook_whose_answer_was_lost_is_found_by_its_address()
    {
        var gitHub = new ScriptedGitHub(Trouble("no answer"), Answer(200, body: """[{"id":7,"config":{"url":"https://ci.example/api/webhook"}}]"""));

        var id = await new RepositoryHooks(Client(gitHub)).SaveAsync("o/r", null, "https://ci.example/api/webhook", "a secret", Cancellation);

        Assert.Equal(7, id);
        Assert.Equal(["POST", "GET"], gitHub.Methods);
    }

    [Fact]
    public async Task A_status_whose_answer_was_lost_is_sent_again_for_the_newest_counts()
    {
        var gitHub = new ScriptedGitHub(Trouble("time-out"), Answer(201));

        await new CommitStatusClient(Client(gitHub)).SetAsync("o/r", new string('a', 40), new NewStatus("success", "c", "d", null), Cancellation);

        Assert.Equal(["POST", "POST"], gitHub.Methods);
        Assert.Equal(gitHub.Requests[0], gitHub.Requests[1]);
    }

    public static TheoryData<int, string> Redirects => [.. from status in new[] { 301, 302, 307, 308 } from method in new[] { "GET", "POST", "PATCH" } select (status, method)];

    [Theory]
    [MemberData(nameof(Redirects))]
    public async Task Where_a_repository_has_gone_its_requests_follow_as_they_are_with_the_token(int status, string method)
    {
        var gitHub = new ScriptedGitHub(Answer(status, "Location: /repositories/1/thing"), Answer(status, "Location: https://api.github.example/repositories/2/thing"), Answer(200));

        await Client(gitHub).SendAsync((Read with { Method = new HttpMethod(method) }).With(new NewComment("words"), GitHubJson.Default.NewComment), Cancellation);

        Assert.Equal(["/repos/o/r/thing", "/repositories/1/thing", "/repositories/2/thing"], gitHub.Requests.Select(request => request.Address.AbsolutePath));
        Assert.All(gitHub.Requests, request => Assert.Equal((method, "Bearer a-token", """{"body":"words"}"""), (request.Method.Method, request.Authorization, request.Body)));
    }

    [Theory]
    [InlineData("https://api.github.example/", "https://codeload.github.example/x?token=t")]
    [InlineData("https://api.github.example/", "https://api.github.example:8443/x")]
    [InlineData("http://api.github.example/", "https://api.github.example/x")]
    [InlineData("https://github.example/api/v3/", "https://github.example/_codeload/x?token=t")]
    public async Task A_link_that_leads_out_of_the_API_does_not_get_the_token(string api, string link)
    {
        var gitHub = new ScriptedGitHub(Answer(302, "Location: " + link), Answer(200));
        using var http = gitHub.Http(api);

        await TestGitHub.Client(http).SendAsync(Read, Cancellation);

        Assert.Equal(["Bearer a-token", null], gitHub.Requests.Select(request => request.Authorization));
    }

    [Theory]
    [InlineData("http://api.github.example/x", 3)]
    [InlineData("ftp://api.github.example/x", 3)]
    [InlineData("/repositories/1/thing", 18)]
    public async Task A_redirect_without_end_or_to_what_is_not_encrypted_is_not_followed(string location, int requests)
    {
        var gitHub = new ScriptedGitHub(Answer(302, "Location: " + location));

        await Assert.ThrowsAsync<GitHubUnavailableException>(() => SendAsync(Client(gitHub)));

        Assert.Equal(requests, gitHub.Requests.Count);
    }

    public static TheoryData<string> Callers =>
        ["archive", "commit", "tree", "blob", "files", "permission", "comments", "comment", "change", "hooks", "hook", "ping", "status", "check run", "rate"];

    [Theory]
    [MemberData(nameof(Callers))]
    public async Task The_policy_is_the_same_for_every_caller(string caller)
    {
        var away = new ScriptedGitHub(Answer(502));
        var limited = new ScriptedGitHub(Problem(403, Secondary));
        var refused = new ScriptedGitHub(Problem(403, "Resource not accessible by integration", "x-accepted-github-permissions: contents=write"));

        // What would be there twice is looked for first, which is tried three times as well.
        var isLookedFor = caller is "comment" or "hook";
        await Assert.ThrowsAsync<GitHubUnavailableException>(() => CallAsync(caller, Client(away)));
        var wait = await Assert.ThrowsAsync<GitHubUnavailableException>(() => CallAsync(caller, Client(limited)));
        var refusal = await Assert.ThrowsAsync<GitHubRefusedException>(() => CallAsync(caller, Client(refused)));

        Assert.Equal((isLookedFor ? 4 : 3, 1, 1), (away.Requests.Count, limited.Requests.Count, refused.Requests.Count));
        Assert.Equal(TimeSpan.FromMinutes(1), wait.RetryAfter);
        Assert.Equal(caller == "rate" ? null : "Contents: read and write", refusal.Permission);
    }

    private static Task CallAsync(string caller, GitHubClient client)
    {
        var sha = new string('a', 40);
        return caller switch
        {
            "archive" => new GitHubArchive(client).OpenAsync("o/r", sha, Cancellation),
            "commit" => new GitHubObjects(client).CommittedAtAsync("o/r", sha, Cancellation),
            "tree" => new GitHubObjects(client).TreeAsync("o/r", sha, Cancellation),
            "blob" => new GitHubObjects(client).BlobAsync("o/r", new byte[20], Cancellation),
            "files" => new PullRequestFiles(client).ListAsync("o/r", 1, Cancellation),
            "permission" => new Collaborators(client).MayWriteAsync("o/r", "ada", Cancellation),
            "comments" => new IssueComments(client).FindAsync("o/r", 1, "m", null, Cancellation),
            "comment" => new IssueComments(client).CreateAsync("o/r", 1, "m", null, "b", Cancellation),
            "change" => new IssueComments(client).ChangeAsync("o/r", 1, "b", Cancellation),
            "hooks" => new RepositoryHooks(client).FindAsync("o/r", "https://ci.example/api/webhook", Cancellation),
            "hook" => new RepositoryHooks(client).SaveAsync("o/r", null, "https://ci.example/api/webhook", "s", Cancellation),
            "ping" => new RepositoryHooks(client).PingAsync("o/r", 1, Cancellation),
            "status" => new CommitStatusClient(client).SetAsync("o/r", sha, new NewStatus("success", "c", "d", null), Cancellation),
            "check run" => new CheckRunClient(client).SaveAsync(
                "o/r", null, new CheckRun { Name = "n", HeadSha = sha, ExternalId = "b", Status = "queued", Output = new("t", "s") }, Cancellation),
            _ => new RateLimitStatus(client).ReadAsync(Cancellation),
        };
    }

    private static Func<HttpResponseMessage> Trouble(string trouble) => trouble switch
    {
        "no answer" => () => throw new HttpRequestException("Connection refused"),
        "time-out" => () => throw new TaskCanceledException("Timed out", new TimeoutException()),
        "cut" => () => new HttpResponseMessage { Content = new StreamContent(new CutStream()) },
        var status => Answer(int.Parse(status, CultureInfo.InvariantCulture)),
    };

    private static Task<RateLimitAnswer> SendAsync(GitHubClient client) => client.SendAsync(Read, GitHubJson.Default.RateLimitAnswer, Cancellation);

    private GitHubClient Client(ScriptedGitHub gitHub) => TestGitHub.Client(gitHub.Http(), time: _time);

    /// <summary>An answer that breaks off.</summary>
    private sealed class CutStream : MemoryStream
    {
        public override int Read(Span<byte> buffer) => throw new IOException("The connection was reset.");

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw new IOException("The connection was reset.");

        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) => throw new IOException("The connection was reset.");
    }
}
