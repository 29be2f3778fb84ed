using System.Collections.Immutable;
using Ci.StandIn;

namespace Ci.Tests.StandIn;

/// <summary>Exchanges that GitHub's description does not allow are found out.</summary>
public sealed class GitHubDescriptionTests
{
    private static readonly ImmutableDictionary<string, string> Headers = new Dictionary<string, string>
    {
        ["User-Agent"] = "a-test",
        ["Accept"] = "application/vnd.github+json",
        ["X-GitHub-Api-Version"] = "2022-11-28",
    }.ToImmutableDictionary(StringComparer.OrdinalIgnoreCase);

    private static readonly ImmutableDictionary<string, string> Json =
        ImmutableDictionary<string, string>.Empty.Add("Content-Type", "application/json; charset=utf-8");

    private static readonly Exchange Get = new()
    {
        Method = "GET",
        Path = "/rate_limit",
        Query = ImmutableDictionary<string, string>.Empty,
        RequestHeaders = Headers,
        RequestBody = "",
        Status = 404,
        ResponseHeaders = Json,
        ResponseBody = """{ "message": "Not Found" }""",
    };

    private static readonly Exchange Status = Get with
    {
        Method = "POST",
        Path = "/repos/octo/app/statuses/abc",
        RequestHeaders = Headers.Add("Content-Type", "application/json"),
        RequestBody = """{ "state": "success" }""",
    };

    [Theory]
    [InlineData("GET", "/repos/octo/app", "GET /repos/{owner}/{repo}")]
    [InlineData("GET", "/repos/octo/app/commits/feature/a/status", "GET /repos/{owner}/{repo}/commits/{ref}/status")]
    [InlineData("GET", "/repos/octo/app/contents/docs/a.md", "GET /repos/{owner}/{repo}/contents/{path}")]
    [InlineData("PATCH", "/repos/octo/app/issues/comments/7", "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}")]
    [InlineData("GET", "/repos/octo", null)]
    [InlineData("DELETE", "/repos/octo/app", null)]
    public void A_request_is_matched_to_its_operation(string method, string path, string? operation) =>
        Assert.Equal(operation, GitHubDescription.Instance.Operation(Get with { Method = method, Path = path }));

    [Fact]
    public void A_right_exchange_is_not_complained_about()
    {
        Assert.Empty(GitHubDescription.Instance.RequestErrors(Get));
        Assert.Empty(GitHubDescription.Instance.ResponseErrors(Get));
        Assert.Empty(GitHubDescription.Instance.RequestErrors(Status));
    }

    [Fact]
    public void A_request_that_nobody_described_is_found() =>
        AssertRequest("GET /repos/octo/app/secrets is not described", Get with { Path = "/repos/octo/app/secrets" });

    [Theory]
    [InlineData("User-Agent")]
    [InlineData("Accept")]
    [InlineData("X-GitHub-Api-Version")]
    public void A_missing_header_is_found(string name) =>
        AssertRequest($"the header {name} is missing", Get with { RequestHeaders = Headers.Remove(name) });

    [Fact]
    public void An_unknown_query_parameter_is_found() => AssertRequest(
        "the query parameter perpage is not described",
        Get with { Path = "/repos/octo/app/hooks", Query = Query("perpage", "100") });

    [Fact]
    public void A_query_parameter_of_the_wrong_type_is_found() => AssertRequest(
        "the query parameter per_page: $: Value is \"string\" but should be \"integer\"",
        Get with { Path = "/repos/octo/app/hooks", Query = Query("per_page", "all") });

    [Fact]
    public void A_path_parameter_of_the_wrong_type_is_found() => AssertRequest(
        "the path parameter pull_number: $: Value is \"string\" but should be \"integer\"",
        Get with { Path = "/repos/octo/app/pulls/latest" });

    [Theory]
    [InlineData("", "the body is missing")]
    [InlineData("{}", """$: Required properties ["state"] are not present""")]
    [InlineData("""{ "state": "great" }""", "$/state: Value should match one of the values specified by the enum")]
    [InlineData("""{ "state": "success", "context": null }""", "$/context: Value is \"null\" but should be \"string\"")]
    public void A_wrong_body_is_found(string body, string error) => AssertRequest(error, Status with { RequestBody = body });

    [Fact]
    public void A_body_that_is_not_json_is_found() =>
        Assert.StartsWith(
            "the body is not JSON", Assert.Single(GitHubDescription.Instance.RequestErrors(Status with { RequestBody = "{" })),
            StringComparison.Ordinal);

    [Fact]
    public void A_body_of_another_content_type_is_found() => AssertRequest(
        "the content type \"text/plain\" is not described", Status with { RequestHeaders = Headers.Add("Content-Type", "text/plain") });

    [Fact]
    public void A_body_where_none_belongs_is_found() =>
        AssertRequest("a body is sent where none is described", Get with { RequestBody = "{}" });

    [Fact]
    public void An_undescribed_status_is_found() => AssertAnswer("the status 202 is not described", Get with { Status = 202 });

    [Fact]
    public void An_answer_of_another_content_type_is_found() => AssertAnswer(
        "the content type \"text/html\" is not described", Get with { ResponseHeaders = Json.SetItem("Content-Type", "text/html") });

    [Fact]
    public void A_wrong_answer_is_found() => AssertAnswer(
        """$: Required properties ["rate"] are not present""",
        Get with { Status = 200, ResponseBody =
            """
            { "resources": { "core": { "limit": 1, "remaining": 1, "reset": 1, "used": 0 },
             "search": { "limit": 1, "remaining": 1, "reset": 1, "used": 0 } } }
            """ });

    [Fact]
    public void A_redirect_to_nowhere_is_found() => AssertAnswer(
        "the header Location is missing", Get with { Path = "/repos/octo/app/tarball/main", Status = 302, ResponseBody = null });

    private static ImmutableDictionary<string, string> Query(string name, string value) =>
        ImmutableDictionary<string, string>.Empty.Add(name, value);

    private static void AssertRequest(string error, Exchange exchange) =>
        Assert.Equal([error], GitHubDescription.Instance.RequestErrors(exchange));

    private static void AssertAnswer(string error, Exchange exchange) =>
        Assert.Equal([error], GitHubDescription.Instance.ResponseErrors(exchange));
}
