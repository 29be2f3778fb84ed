using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Ci.StandIn;

namespace Ci.Tests.StandIn;

/// <summary>The stand-in with one repository, and all that was said to it, which GitHub's description must allow.</summary>
internal sealed class StandInSession : IAsyncDisposable
{
    public const string Repository = "octo/app";
    public const string Token = "a-token";

    private readonly GitRepository _git;

    private StandInSession(GitRepository git, GitHubStandIn gitHub)
    {
        _git = git;
        GitHub = gitHub;
        Http = new HttpClient { BaseAddress = gitHub.BaseUrl };
        Http.DefaultRequestHeaders.Add("User-Agent", "a-test");
        Http.DefaultRequestHeaders.Add("Accept", "application/vnd.github+json");
        Http.DefaultRequestHeaders.Add("X-GitHub-Api-Version", "2022-11-28");
        Http.DefaultRequestHeaders.Authorization = new("Bearer", Token);
    }

    public GitHubStandIn GitHub { get; }

    public HttpClient Http { get; }

    public string Commit { get; private set; } = "";

    public PullRequestState Pull { get; private set; } = null!;

    public static async Task<StandInSession> StartAsync(int files = 1)
    {
        var git = await GitRepository.CreateAsync();
        var gitHub = await GitHubStandIn.StartAsync(new GitHubStandInOptions { Token = Token });
        gitHub.Add(Repository, git);
        var session = new StandInSession(git, gitHub);
        session.Commit = await git.CommitAsync(
            "feature", Enumerable.Range(0, files).ToDictionary(i => $"docs/{i}.md", i => $"# {i}\n"), "A change");
        // Nobody is told: these tests have no host.
        session.Pull = gitHub.Keep(new PullRequestState
        {
            Repository = Repository,
            Number = 7,
            Branch = "feature",
            Head = session.Commit,
            Title = "A change",
            HeadRepository = Repository,
            UpdatedAt = DateTimeOffset.UtcNow,
        });
        return session;
    }

    /// <summary>Sends a request, and returns what it was answered.</summary>
    public async Task<(HttpStatusCode Status, JsonNode Body)> SendAsync(HttpMethod method, string path, JsonObject? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await Http.SendAsync(request);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    /// <summary>Holds every answer so far against the description, and returns the operations that they were of.</summary>
    public IReadOnlyList<string> AssertAnswers()
    {
        Assert.All(GitHub.Exchanges, exchange => Assert.Equal([], GitHubDescription.Instance.ResponseErrors(exchange)));
        return [.. GitHub.Exchanges.Select(
            exchange => GitHubDescription.Instance.Operation(exchange) ?? $"none for {exchange.Method} {exchange.Path}")];
    }

    /// <summary>Holds every request so far against the description.</summary>
    public void AssertRequests() =>
        Assert.All(GitHub.Exchanges, exchange => Assert.Equal([], GitHubDescription.Instance.RequestErrors(exchange)));

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await GitHub.DisposeAsync();
        _git.Dispose();
    }
}
