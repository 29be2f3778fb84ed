using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>The newest commit of a pull request counts, whatever the order in which GitHub's deliveries come.</summary>
public sealed class SupersedingTests(Azurite azurite, DockerEngine engine, DockerRegistry registry) : IAsyncLifetime
{
    private CiScenario _scenario = null!;

    public async ValueTask InitializeAsync() => _scenario = await CiScenario.StartAsync(azurite, engine, registry);

    public async ValueTask DisposeAsync() => await _scenario.DisposeAsync();

    [Fact]
    public async Task A_newer_commit_stops_the_older_build_in_the_engine_and_takes_its_place()
    {
        var marker = "m" + Guid.NewGuid().ToString("n");
        var older = await _scenario.OpenWithoutWaitingAsync(_scenario.SlowFiles("older", $"sleep 600 # {marker}"));
        await _scenario.UntilLoggedAsync(older, marker);
        var newer = await _scenario.PushAsync((await _scenario.BuildAsync(older)).PullRequest, _scenario.Files("newer"));

        var superseded = await _scenario.BuildAsync(older);
        Assert.Equal(("superseded", "succeeded"), (superseded.State, newer.State));
        Assert.EndsWith(newer.Id, superseded.SupersededBy, StringComparison.Ordinal);
        Assert.Equal("newer", await engine.PullAndRunAsync(newer.Images[0].Reference));
        Assert.DoesNotContain(marker, await engine.RunAsync("ps", "--no-trunc", "--format", "{{.Command}}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_delivery_that_comes_late_changes_nothing()
    {
        var opened = await _scenario.OpenAsync(_scenario.Files("opened"));
        var (olderCommit, older) = await _scenario.PreparePushAsync(opened.PullRequest, _scenario.Files("older"));
        var newer = await _scenario.PushAsync(opened.PullRequest, _scenario.Files("newer"));

        var (status, answer) = await _scenario.DeliverAsync(older);

        Assert.Equal((200, "superseded"), (status, (await _scenario.BuildAsync(answer["id"]!.ToString())).State));
        Assert.StartsWith("late:", answer["verdict"]!.ToString(), StringComparison.Ordinal);
        Assert.Equal(newer.Images[0].Digest, await registry.DigestAsync(_scenario.ServiceName, $"pr-{opened.PullRequest}"));
        Assert.Null(await registry.DigestAsync(_scenario.ServiceName, "sha-" + olderCommit[..12]));
    }

    [Fact]
    public async Task A_push_back_to_an_earlier_commit_moves_the_tag_back()
    {
        var first = await _scenario.OpenAsync(_scenario.Files("first"));
        await _scenario.PushAsync(first.PullRequest, _scenario.Files("second"));

        var back = await _scenario.PushCommitAsync(first.PullRequest, first.Commit);

        Assert.Equal((first.Id, "succeeded"), (back.Id, back.State));
        Assert.Equal("first", await engine.PullAndRunAsync(back.Images[0].Reference));
    }

    [Fact]
    public async Task A_merge_is_not_superseded_by_a_late_push()
    {
        var opened = await _scenario.OpenAsync(_scenario.Files("opened"));
        var (_, late) = await _scenario.PreparePushAsync(opened.PullRequest, _scenario.Files("pushed last"));
        var merged = await _scenario.MergeAsync(opened.PullRequest);

        var (status, _) = await _scenario.DeliverAsync(late);

        Assert.Equal((200, "succeeded"), (status, (await _scenario.BuildAsync(merged.Id)).State));
        Assert.Equal(merged.Images[0].Digest, await registry.DigestAsync(_scenario.ServiceName, "latest"));
        Assert.Null(await registry.DigestAsync(_scenario.ServiceName, $"pr-{opened.PullRequest}"));
    }

    [Fact]
    public async Task When_a_pull_request_is_closed_its_tag_goes_and_the_commits_stays()
    {
        var opened = await _scenario.OpenAsync(_scenario.Files("closed"));

        var (status, closing) = await _scenario.CloseAsync(opened.PullRequest);

        Assert.Equal((200, "succeeded"), (status, closing!.State));
        Assert.Null(await registry.DigestAsync(_scenario.ServiceName, $"pr-{opened.PullRequest}"));
        Assert.Equal("closed", await engine.PullAndRunAsync($"{registry.Address}/{_scenario.ServiceName}:sha-{opened.Commit[..12]}"));
    }

    [Fact]
    public async Task A_merge_takes_the_pull_requests_tag_away_and_leaves_those_that_share_its_manifest()
    {
        var opened = await _scenario.OpenAsync(_scenario.Files("merged"));
        var merged = await _scenario.MergeAsync(opened.PullRequest);

        Assert.Null(await registry.DigestAsync(_scenario.ServiceName, $"pr-{opened.PullRequest}"));
        await Assert.AllAsync(
            merged.Images[0].Tags, async tag =>
                Assert.Equal(merged.Images[0].Digest, await registry.DigestAsync(_scenario.ServiceName, tag)));
    }

    [Fact]
    public async Task A_build_that_runs_when_its_pull_request_is_closed_is_cancelled()
    {
        var id = await _scenario.OpenWithoutWaitingAsync(_scenario.SlowFiles("x", "echo begun && sleep 600"));
        await _scenario.UntilLoggedAsync(id, "begun");

        await _scenario.CloseAsync((await _scenario.BuildAsync(id)).PullRequest);

        var build = await _scenario.BuildAsync(id);
        Assert.Equal(("cancelled", $"Cancelled: pull request #{build.PullRequest} was closed."), (build.State, build.Summary));
    }

    [Fact]
    public async Task Opened_again_it_has_its_tag_again()
    {
        var opened = await _scenario.OpenAsync(_scenario.Files("again"));
        await _scenario.CloseAsync(opened.PullRequest);

        var reopened = await _scenario.ReopenAsync(opened.PullRequest);

        Assert.Equal((opened.Id, "succeeded"), (reopened.Id, reopened.State));
        Assert.Equal("again", await engine.PullAndRunAsync($"{registry.Address}/{_scenario.ServiceName}:pr-{opened.PullRequest}"));
    }

    [Fact]
    public async Task Closing_what_was_never_built_does_nothing()
    {
        var (status, closing) = await _scenario.CloseDraftAsync();

        Assert.Equal((200, null), (status, closing));
    }
}
