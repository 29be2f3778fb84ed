using System.Text.Json.Nodes;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Reporting;
using Ci.StandIn;
using Ci.Tests.Builds;
using Ci.Tests.Fixtures;
using Ci.Tests.StandIn;

namespace Ci.Tests.Reporting;

/// <summary>One comment on a pull request, whatever happens.</summary>
public sealed class PullRequestCommentTests(Azurite azurite) : IAsyncLifetime
{
    private readonly HttpClient _nowhere = new() { BaseAddress = new Uri($"http://127.0.0.1:{TestEnvironment.FreePort()}/") };
    private StandInSession _session = null!;
    private TestStorage _storage = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private IReadOnlyList<IssueComment> Comments => _session.GitHub.Comments(StandInSession.Repository, 7);

    public async ValueTask InitializeAsync()
    {
        _session = await StandInSession.StartAsync();
        _storage = await TestStorage.StartAsync(azurite);
    }

    public async ValueTask DisposeAsync()
    {
        _session.AssertRequests();
        _session.AssertAnswers();
        _nowhere.Dispose();
        await _session.DisposeAsync();
    }

    [Fact]
    public async Task The_second_build_changes_the_comment_of_the_first()
    {
        await TellAsync(await EndedAsync('a', 0));
        await TellAsync(await EndedAsync('b', 1));

        Assert.Contains("Commit bbbbbbbbbbbb", Assert.Single(Comments).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hosts_that_tell_at_once_write_one_comment()
    {
        var build = await EndedAsync('a', 0);

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => TellAsync(build)));
        await TellAsync(build);

        Assert.Single(Comments);
        Assert.Equal(BuildState.Failed, (await FindAsync(build)).Commented);
    }

    [Fact]
    public async Task A_host_that_does_not_know_the_comments_id_finds_it()
    {
        await TellAsync(await EndedAsync('a', 0));
        _storage = await TestStorage.StartAsync(azurite);

        await TellAsync(await EndedAsync('b', 1));

        Assert.Contains("Commit bbbbbbbbbbbb", Assert.Single(Comments).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_comment_that_somebody_wrote_alike_is_left_alone()
    {
        await _session.SendAsync(HttpMethod.Post, $"repos/{StandInSession.Repository}/issues/7/comments", new JsonObject { ["body"] = "<!-- docker-image-of:guessed -->" });

        await TellAsync(await EndedAsync('a', 0));

        Assert.Equal(2, Comments.Count);
        Assert.Equal("<!-- docker-image-of:guessed -->", Comments[0].Body);
    }

    [Fact]
    public async Task Superseded_builds_leave_the_comment_alone()
    {
        var first = await EndedAsync('a', 0);
        await EndedAsync('b', 1);

        await TellAsync(first);

        Assert.Empty(Comments);
        Assert.Equal(BuildState.Failed, (await FindAsync(first)).Commented);
    }

    [Fact]
    public async Task It_is_tried_again_when_GitHub_was_away()
    {
        var build = await EndedAsync('a', 0);
        foreach (var _ in Enumerable.Range(0, 3))
        {
            _session.GitHub.Faults.Enqueue(new StandInFault { Path = "/repos", Status = 503 });
        }

        var first = await TellAsync(build);
        var second = await TellAsync(build);

        Assert.Equal((false, true), (first, second));
        Assert.Single(Comments);
    }

    [Fact]
    public async Task A_token_that_may_not_write_comments_is_no_trouble()
    {
        var build = await EndedAsync('a', 0);
        _session.GitHub.Faults.Enqueue(new StandInFault { Path = "/repos", Status = 403 });

        Assert.True(await TellAsync(build));
        Assert.Equal(BuildState.Failed, (await FindAsync(build)).Commented);
    }

    [Fact]
    public async Task It_can_be_turned_off()
    {
        var build = await EndedAsync('a', 0);

        await _storage.Comments(_session.Http, _nowhere, StandInSession.Token, new ReportOptions { Comment = false }).NotifyCompletedAsync(build.Id, Cancellation);

        Assert.Empty(Comments);
    }

    [Fact]
    public async Task A_failure_names_the_line_and_shows_the_output_without_secrets_or_markup()
    {
        var build = await EndedAsync('a', 0, r => r with
        {
            FailedStep = new FailedStep { File = "Dockerfile", Line = 7, Instruction = "RUN make", Reason = "exit code 2" },
            LogTail = ["```", "@everyone </details> the-secret"],
        });

        await _storage.Comments(_session.Http, _nowhere, StandInSession.Token, secrets: "the-secret").NotifyCompletedAsync(build.Id, Cancellation);

        var body = Assert.Single(Comments).Body;
        Assert.Contains("`Dockerfile line 7`: `RUN make`: `exit code 2`", body, StringComparison.Ordinal);
        Assert.Contains("````text\n```\n@everyone </details> ***\n````", body, StringComparison.Ordinal);
        Assert.Contains($"[Log and stages](https://ci.example/api/builds/{build.Id})", body, StringComparison.Ordinal);
    }

    private async Task<Build> EndedAsync(char commit, int second, Func<Build, Build>? more = null)
    {
        var change = _storage.Change(commit, second, pull: 7, repository: StandInSession.Repository);
        await _storage.AdmitAsync(change);
        return (await _storage.Records.UpdateAsync(
            change.Request.BuildId,
            r => (more ?? (same => same))(r with { State = BuildState.Failed, Summary = "It failed.", FinishedAt = _storage.Time.GetUtcNow() }),
            Cancellation))!;
    }

    private Task<bool> TellAsync(Build build) => _storage.Comments(_session.Http, _nowhere, StandInSession.Token).NotifyCompletedAsync(build.Id, Cancellation);

    private async Task<Build> FindAsync(Build build) => (await _storage.Records.FindAsync(build.Id, Cancellation))!;
}
