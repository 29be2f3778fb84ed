using System.Net;
using System.Text.Json.Nodes;
using Ci.StandIn;

namespace Ci.Tests.StandIn;

/// <summary>The stand-in answers as GitHub describes its answers, the unwelcome ones too.</summary>
public sealed class AnswerTests : IAsyncLifetime
{
    private StandInSession _session = null!;

    private string Statuses => $"repos/{StandInSession.Repository}/statuses/{_session.Commit}";

    private string Combined => $"repos/{StandInSession.Repository}/commits/{_session.Commit}/status";

    private static string Comments => $"repos/{StandInSession.Repository}/issues/7/comments";

    public async ValueTask InitializeAsync() => _session = await StandInSession.StartAsync();

    public async ValueTask DisposeAsync() => await _session.DisposeAsync();

    [Theory]
    [InlineData("rate_limit", "GET /rate_limit")]
    [InlineData("repos/octo/app", "GET /repos/{owner}/{repo}")]
    [InlineData("repos/octo/app/pulls/7", "GET /repos/{owner}/{repo}/pulls/{pull_number}")]
    [InlineData("repos/octo/app/pulls/7/files", "GET /repos/{owner}/{repo}/pulls/{pull_number}/files")]
    [InlineData("repos/octo/app/pulls/7/files?per_page=1&page=2", "GET /repos/{owner}/{repo}/pulls/{pull_number}/files")]
    [InlineData("repos/octo/app/commits/feature/status", "GET /repos/{owner}/{repo}/commits/{ref}/status")]
    [InlineData("repos/octo/app/issues/7/comments", "GET /repos/{owner}/{repo}/issues/{issue_number}/comments")]
    public async Task What_is_there_is_shown_as_described(string path, string operation)
    {
        var (status, _) = await _session.SendAsync(HttpMethod.Get, path);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal([operation], _session.AssertAnswers());
    }

    [Theory]
    [InlineData("repos/octo/other")]
    [InlineData("repos/octo/app/pulls/8")]
    [InlineData("repos/octo/app/pulls/8/files")]
    [InlineData("repos/octo/app/tarball/0000000000000000000000000000000000000000")]
    [InlineData("repos/octo/app/commits/nowhere/status")]
    [InlineData("repos/octo/app/issues/8/comments")]
    public async Task What_is_not_there_is_not_found_as_described(string path)
    {
        var (status, body) = await _session.SendAsync(HttpMethod.Get, path);

        Assert.Equal((HttpStatusCode.NotFound, "Not Found"), (status, body["message"]!.GetValue<string>()));
        _session.AssertAnswers();
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task Faults_are_answered_as_described(int fault)
    {
        _session.GitHub.Faults.Enqueue(new StandInFault { Path = "/rate_limit", Status = fault });

        Assert.Equal(fault, (int)(await _session.SendAsync(HttpMethod.Get, "rate_limit")).Status);
        _session.AssertAnswers();
    }

    [Fact]
    public async Task A_wrong_token_and_a_nameless_client_are_refused_as_described()
    {
        _session.Http.DefaultRequestHeaders.Remove("User-Agent");
        var (nameless, _) = await _session.SendAsync(HttpMethod.Get, "rate_limit");
        _session.Http.DefaultRequestHeaders.Authorization = new("Bearer", "another");
        var (wrong, _) = await _session.SendAsync(HttpMethod.Get, "rate_limit");

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Unauthorized), (nameless, wrong));
        _session.AssertAnswers();
    }

    [Fact]
    public async Task A_merged_pull_request_is_shown_as_described()
    {
        _session.GitHub.Keep(_session.Pull with { State = "closed", Merged = true, MergeCommit = _session.Commit });

        var (_, body) = await _session.SendAsync(HttpMethod.Get, "repos/octo/app/pulls/7");

        Assert.True(body["merged"]!.GetValue<bool>());
        _session.AssertAnswers();
    }

    [Fact]
    public async Task A_status_is_stored_and_counts()
    {
        var (status, body) = await PostStatusAsync("pending", description: "Queued", target: "https://ci.example.com/1");

        Assert.Equal((HttpStatusCode.Created, "pending"), (status, body["state"]!.GetValue<string>()));
        var stored = Assert.Single(_session.GitHub.Statuses(StandInSession.Repository, _session.Commit));
        Assert.Equal(
            ("pending", "ci", "Queued", "https://ci.example.com/1"), (stored.State, stored.Context, stored.Description, stored.TargetUrl));
        Assert.Equal("pending", await CombinedAsync());
        Assert.Equal(2, _session.AssertAnswers().Count);
        _session.AssertRequests();
    }

    [Theory]
    [InlineData("pending")]
    [InlineData("success", "success")]
    [InlineData("pending", "success", "pending")]
    [InlineData("failure", "success", "pending", "error")]
    [InlineData("failure", "failure")]
    public async Task The_combined_status_is_the_worst_of_the_contexts(string combined, params string[] states)
    {
        foreach (var (i, state) in states.Index())
        {
            await PostStatusAsync(state, context: $"c{i}");
        }

        Assert.Equal(combined, await CombinedAsync());
        _session.AssertAnswers();
    }

    [Fact]
    public async Task A_contexts_latest_status_is_the_one_that_counts()
    {
        await PostStatusAsync("pending");
        await PostStatusAsync("success");

        Assert.Equal("success", await CombinedAsync());
        Assert.Equal(["pending", "success"], _session.GitHub.Statuses(StandInSession.Repository, _session.Commit).Select(s => s.State));
    }

    [Theory]
    [InlineData("great", 0, "state", "state is not included in the list")]
    [InlineData("success", 141, "description", "description is too long (maximum is 140 characters)")]
    public async Task A_meaningless_status_is_refused_with_the_field_that_is_to_blame(
        string state, int length, string field, string message)
    {
        var (status, body) = await PostStatusAsync(state, description: new string('x', length));

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "Validation Failed"), (status, body["message"]!.GetValue<string>()));
        Assert.Equal(
            (field, message), (body["errors"]![0]!["field"]!.GetValue<string>(), body["errors"]![0]!["message"]!.GetValue<string>()));
        Assert.Empty(_session.GitHub.Statuses(StandInSession.Repository, _session.Commit));
        _session.AssertAnswers();
    }

    [Fact]
    public async Task The_longest_description_is_taken() =>
        Assert.Equal(HttpStatusCode.Created, (await PostStatusAsync("success", description: new string('x', 140))).Status);

    [Theory]
    [InlineData("0000000000000000000000000000000000000000")]
    [InlineData("feature")]
    public async Task A_status_of_no_commit_is_refused(string sha)
    {
        var (status, body) = await _session.SendAsync(
            HttpMethod.Post, $"repos/octo/app/statuses/{sha}", new JsonObject { ["state"] = "success" });

        Assert.Equal(
            (HttpStatusCode.UnprocessableEntity, $"No commit found for SHA: {sha}"), (status, body["message"]!.GetValue<string>()));
        _session.AssertAnswers();
    }

    [Fact]
    public async Task A_commit_and_context_take_a_thousand_statuses_and_no_more()
    {
        for (var i = 0; i < 1000; i++)
        {
            await PostStatusAsync("pending");
        }

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostStatusAsync("success")).Status);
        Assert.Equal(HttpStatusCode.Created, (await PostStatusAsync("success", context: "another")).Status);
        Assert.Equal(1001, _session.GitHub.Statuses(StandInSession.Repository, _session.Commit).Count);
    }

    [Fact]
    public async Task A_comment_is_made_listed_and_changed()
    {
        var (created, comment) = await _session.SendAsync(HttpMethod.Post, Comments, new JsonObject { ["body"] = "first" });
        var id = comment["id"]!.GetValue<long>();
        var (changed, _) = await _session.SendAsync(
            HttpMethod.Patch, $"repos/octo/app/issues/comments/{id}", new JsonObject { ["body"] = "second" });
        var (_, list) = await _session.SendAsync(HttpMethod.Get, $"{Comments}?per_page=100");

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK), (created, changed));
        Assert.Equal("second", Assert.Single(_session.GitHub.Comments(StandInSession.Repository, 7)).Body);
        Assert.Equal("second", Assert.Single(list.AsArray())!["body"]!.GetValue<string>());
        Assert.Equal(3, _session.AssertAnswers().Count);
        _session.AssertRequests();
    }

    [Theory]
    [InlineData(0, "missing_field")]
    [InlineData(65537, "unprocessable")]
    public async Task A_comment_of_nothing_or_too_much_is_refused(int length, string code)
    {
        var (status, body) = await _session.SendAsync(HttpMethod.Post, Comments, new JsonObject { ["body"] = new string('x', length) });

        Assert.Equal((HttpStatusCode.UnprocessableEntity, code), (status, body["errors"]![0]!["code"]!.GetValue<string>()));
        Assert.Empty(_session.GitHub.Comments(StandInSession.Repository, 7));
        _session.AssertAnswers();
    }

    [Fact]
    public async Task A_comment_that_is_not_there_cannot_be_changed()
    {
        var (status, _) = await _session.SendAsync(HttpMethod.Patch, "repos/octo/app/issues/comments/1", new JsonObject { ["body"] = "a" });

        Assert.Equal(HttpStatusCode.NotFound, status);
        _session.AssertAnswers();
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    public async Task A_body_that_is_no_object_is_a_bad_request(string text)
    {
        foreach (var path in (string[])[Statuses, Comments])
        {
            using var content = new StringContent(text, System.Text.Encoding.UTF8, "application/json");
            using var response = await _session.Http.PostAsync(path, content);
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        }

        _session.AssertAnswers();
    }

    private Task<(HttpStatusCode Status, JsonNode Body)> PostStatusAsync(
        string state, string? description = null, string? target = null, string context = "ci") =>
        _session.SendAsync(
            HttpMethod.Post, Statuses,
            new JsonObject { ["state"] = state, ["description"] = description, ["target_url"] = target, ["context"] = context });

    private async Task<string> CombinedAsync() => (await _session.SendAsync(HttpMethod.Get, Combined)).Body["state"]!.GetValue<string>();
}
