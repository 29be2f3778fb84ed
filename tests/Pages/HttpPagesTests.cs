using System.Net;
using Ci.Pipeline.Builds;

namespace Ci.Tests.Pages;

/// <summary>Pages as HTTP sees them.</summary>
public sealed class HttpPagesTests(PagesHost host) : IClassFixture<PagesHost>, IDisposable
{
    private readonly HttpClient _http = new(new HttpClientHandler { AllowAutoRedirect = false })
    {
        BaseAddress = host.Url,
        DefaultRequestHeaders = { { "x-functions-key", EndToEnd.CiScenario.Key } },
    };

    public void Dispose() => _http.Dispose();

    [Theory]
    [InlineData("api/builds")]
    [InlineData("api/builds/{id}")]
    [InlineData("api/dead-letters")]
    public async Task One_address_has_json_for_programs_and_a_page_for_browsers(string path)
    {
        var build = await host.Samples.AddAsync(Samples.Pushed(Samples.Queued(Random.Shared.Next(1000, 1_000_000))));
        var address = path.Replace("{id}", build.Id, StringComparison.Ordinal);

        using var json = await SendAsync(HttpMethod.Get, address, null);
        using var html = await SendAsync(HttpMethod.Get, address, "text/html");

        Assert.Equal(
            ("application/json", "text/html"),
            (json.Content.Headers.ContentType!.MediaType, html.Content.Headers.ContentType!.MediaType));
        Assert.Equal(("Accept", "Accept"), (json.Headers.Vary.ToString(), html.Headers.Vary.ToString()));
    }

    [Theory]
    [InlineData("api/builds/aaaaaaaaaaaaaaaaaaaaaaaaaa", HttpStatusCode.NotFound)]
    [InlineData("api/builds/..%2f..%2fx", HttpStatusCode.NotFound)]
    [InlineData("api/repositories/no/body", HttpStatusCode.NotFound)]
    [InlineData("api/builds?state=nonsense", HttpStatusCode.BadRequest)]
    [InlineData("api/builds?before=x'", HttpStatusCode.BadRequest)]
    public async Task What_is_not_there_is_a_page_that_says_so(string path, HttpStatusCode status)
    {
        using var answer = await SendAsync(HttpMethod.Get, path, "text/html");

        Assert.Equal((status, "text/html"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
    }

    [Fact]
    public async Task A_form_is_answered_with_the_way_back_and_a_program_with_json()
    {
        var build = await host.Samples.AddAsync(Samples.Queued(2));

        using var form = await SendAsync(HttpMethod.Post, $"api/builds/{build.Id}/cancel", "text/html", new FormUrlEncodedContent([]));
        using var again = await SendAsync(HttpMethod.Post, $"api/builds/{build.Id}/cancel", "text/html", new FormUrlEncodedContent([]));
        using var program = await SendAsync(HttpMethod.Post, $"api/builds/{build.Id}/cancel", null);

        Assert.Equal((HttpStatusCode.SeeOther, $"/api/builds/{build.Id}"), (form.StatusCode, form.Headers.Location!.ToString()));
        Assert.Equal((HttpStatusCode.Conflict, "text/html"), (again.StatusCode, again.Content.Headers.ContentType!.MediaType));
        Assert.Equal((HttpStatusCode.Conflict, "application/json"), (program.StatusCode, program.Content.Headers.ContentType!.MediaType));
    }

    [Fact]
    public async Task The_log_is_plain_text_and_a_file_when_it_is_downloaded()
    {
        var build = await host.Samples.AddAsync(Samples.Pushed(Samples.Queued(3)), Samples.Log);

        using var shown = await SendAsync(HttpMethod.Get, $"api/builds/{build.Id}/log", "text/html");
        using var saved = await SendAsync(HttpMethod.Get, $"api/builds/{build.Id}/log?download", "text/html");

        Assert.Equal("text/plain", shown.Content.Headers.ContentType!.MediaType);
        Assert.Null(shown.Content.Headers.ContentDisposition);
        Assert.StartsWith(
            "    0.0s  Build of octo/shop pull request #7 at a74ca74ca74c, attempt 1\n    0.4s  Fetched",
            await shown.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        Assert.Equal($"build-{build.Id}.log", saved.Content.Headers.ContentDisposition!.FileName!.Trim('"'));
    }

    [Fact]
    public async Task Assets_are_kept_for_ever_under_their_hash_and_asked_for_without_it()
    {
        var page = await GetAsync("api/builds", "text/html");
        var address = System.Text.RegularExpressions.Regex.Match(page, "/api/assets/pages.css[^\"]+").Value;

        using var hashed = await SendAsync(HttpMethod.Get, address, null);
        using var bare = await SendAsync(HttpMethod.Get, "api/assets/pages.css", null);
        using var known = await SendAsync(HttpMethod.Get, "api/assets/pages.css", null, etag: bare.Headers.ETag!.ToString());
        using var none = await SendAsync(HttpMethod.Get, "api/assets/pages.cs", null);

        Assert.Contains("immutable", hashed.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        Assert.Equal("no-cache", bare.Headers.CacheControl!.ToString());
        Assert.Equal((HttpStatusCode.NotModified, HttpStatusCode.NotFound), (known.StatusCode, none.StatusCode));
    }

    [Fact]
    public async Task A_badge_tells_of_public_repositories_and_nothing_of_others()
    {
        await host.Samples.AddAsync(Samples.Pushed(Samples.Queued(4, repository: "octo/badge", purpose: BuildPurpose.Merge)));
        await host.Samples.AddAsync(Samples.Pushed(Samples.Queued(4, repository: "secret/badge", purpose: BuildPurpose.Merge)));

        var shown = await GetAsync("api/badge/octo/badge.svg", null);
        using var hidden = await SendAsync(HttpMethod.Get, "api/badge/secret/badge.svg", null);
        using var unknown = await SendAsync(HttpMethod.Get, "api/badge/octo/nothing.svg", null);
        using var known = await SendAsync(HttpMethod.Get, "api/badge/octo/nothing.svg", null, etag: unknown.Headers.ETag!.ToString());

        Assert.Contains("0.4.0", shown, StringComparison.Ordinal);
        Assert.Equal(await unknown.Content.ReadAsStringAsync(), await hidden.Content.ReadAsStringAsync());
        Assert.Equal(Headers(unknown), Headers(hidden));
        Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
        Assert.Equal((true, TimeSpan.FromMinutes(1)), (unknown.Headers.CacheControl!.Public, unknown.Headers.CacheControl.MaxAge));
    }

    [Fact]
    public async Task A_badge_is_the_default_branchs_and_no_other_branchs()
    {
        var release = Samples.Pushed(Samples.Queued(6, repository: "octo/branches", minutesAgo: 1, purpose: BuildPurpose.Merge));
        release = release with
        {
            Request = release.Request with { BaseRef = "release/1" },
            Images = [release.Images[0] with { Tags = ["1.9.9"] }],
        };
        await host.Samples.AddAsync(release);
        Assert.Contains("image: unknown", await GetAsync("api/badge/octo/branches.svg", null), StringComparison.Ordinal);

        var main = Samples.Queued(7, repository: "octo/branches", minutesAgo: 5, purpose: BuildPurpose.Merge);
        await host.Samples.AddAsync(Samples.Pushed(main));
        Assert.Contains("image: 0.4.0", await GetAsync("api/badge/octo/branches.svg", null), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_badge_says_nothing_of_a_private_repository_even_if_it_is_named()
    {
        var named = Samples.Queued(8, repository: "octo/hidden", minutesAgo: 5, purpose: BuildPurpose.Merge);
        await host.Samples.AddAsync(Samples.Pushed(named));
        Assert.Contains("image: 0.4.0", await GetAsync("api/badge/octo/hidden.svg", null), StringComparison.Ordinal);

        // The newest delivery of whatever kind tells that it is private now.
        var later = Samples.Queued(9, repository: "octo/hidden", minutesAgo: 1);
        await host.Samples.AddAsync(later with { Request = later.Request with { IsPrivate = true } });

        Assert.Equal(await GetAsync("api/badge/octo/nothing.svg", null), await GetAsync("api/badge/octo/hidden.svg", null));
    }

    [Fact]
    public async Task Events_go_on_from_an_offset_and_end_with_the_build()
    {
        var build = await host.Samples.AddAsync(Samples.Pushed(Samples.Queued(5)), "    0.0s  first é\n    0.1s  second\n");
        var first = System.Text.Encoding.UTF8.GetByteCount("    0.0s  first é\n");

        var all = await GetAsync($"api/builds/{build.Id}/events", null);
        var rest = await GetAsync($"api/builds/{build.Id}/events?offset={first}", null);

        Assert.Contains("id=\\u0022L1\\u0022", all, StringComparison.Ordinal);
        Assert.DoesNotContain("id=\\u0022L1\\u0022", rest, StringComparison.Ordinal);
        Assert.Contains("id=\\u0022L2\\u0022", rest, StringComparison.Ordinal);
        Assert.EndsWith("event: end\ndata:\n\n", rest, StringComparison.Ordinal);
    }

    private static string Headers(HttpResponseMessage answer) =>
        $"{answer.StatusCode} {answer.Headers.ETag} {answer.Headers.CacheControl} {answer.Content.Headers.ContentType} "
        + $"{answer.Content.Headers.ContentLength}";

    private async Task<string> GetAsync(string path, string? accept)
    {
        using var answer = await SendAsync(HttpMethod.Get, path, accept);
        return await answer.Content.ReadAsStringAsync();
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, string? accept, HttpContent? content = null, string? etag = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        request.Headers.TryAddWithoutValidation("Accept", accept ?? "*/*");
        if (etag is not null)
        {
            request.Headers.TryAddWithoutValidation("If-None-Match", etag);
        }

        return await _http.SendAsync(request);
    }
}
