using Ci.Pipeline.Builds;
using Ci.Pipeline.GitHub;
using Ci.Pipeline.Intake;
using Microsoft.Extensions.Options;

namespace Ci.Tests.Intake;

public sealed class BuildPolicyTests
{
    [Theory]
    [InlineData("opened")]
    [InlineData("reopened")]
    [InlineData("synchronize")]
    [InlineData("ready_for_review")]
    public void A_new_head_of_an_open_pull_request_is_built(string action) =>
        Assert.Equal(new Verdict.Build(BuildPurpose.PullRequest), Decide(Event(action)));

    [Fact]
    public void A_merge_is_built_for_release() =>
        Assert.Equal(new Verdict.Build(BuildPurpose.Merge), Decide(Event("closed", merged: true)));

    [Fact]
    public void A_pull_request_closed_without_a_merge_is_closed_here_too() =>
        Assert.Equal(new Verdict.Build(BuildPurpose.Close), Decide(Event("closed")));

    [Theory]
    [InlineData("edited")]
    [InlineData("converted_to_draft")]
    [InlineData("something_new")]
    public void Other_actions_are_named_and_ignored(string action) =>
        Assert.Contains(action.Replace('_', ' '), Reason(Event(action)), StringComparison.Ordinal);

    [Fact]
    public void A_draft_waits_until_it_is_ready() =>
        Assert.Contains("ready for review", Reason(Event("opened", draft: true)), StringComparison.Ordinal);

    [Fact]
    public void A_fork_waits_and_what_to_do_is_said()
    {
        var reason = Assert.IsType<Verdict.Wait>(Decide(Event("opened", Stranger))).Reason;

        Assert.Contains("/build aaaaaaaaaaaa", reason, StringComparison.Ordinal);
        Assert.Contains("ok-to-build", reason, StringComparison.Ordinal);
        Assert.True(reason.Length <= 140, reason);
    }

    [Theory]
    [InlineData("opened")]
    [InlineData("reopened")]
    [InlineData("synchronize")]
    [InlineData("ready_for_review")]
    public void No_action_of_a_forks_author_spares_the_approval(string action) =>
        Assert.IsType<Verdict.Wait>(Decide(Event(action, Stranger, labels: ["ok-to-build"])));

    [Fact]
    public void A_fork_of_the_same_name_is_still_a_fork() =>
        Assert.IsType<Verdict.Wait>(Decide(Event("opened", new Repository { Id = 2, FullName = "owner/repo" })));

    [Fact]
    public void A_repository_under_a_new_name_is_no_fork() =>
        Assert.IsType<Verdict.Build>(Decide(Event("opened", new Repository { Id = 1, FullName = "owner/former-name" })));

    [Fact]
    public void A_deleted_fork_is_a_fork() =>
        Assert.IsType<Verdict.Wait>(Decide(Event("opened", headRepository: null)));

    [Fact]
    public void With_Never_a_fork_is_ignored_and_the_setting_is_named()
    {
        var reason = Reason(Event("opened", Stranger), new ForkOptions { Build = ForkPolicy.Never });

        Assert.Contains("stranger/repo", reason, StringComparison.Ordinal);
        Assert.Contains("Forks__Build", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void With_Always_a_fork_is_built_within_a_forks_limits() =>
        Assert.Equal(new Verdict.Build(BuildPurpose.PullRequest, IsFork: true), Decide(Event("opened", Stranger), new ForkOptions { Build = ForkPolicy.Always }));

    [Theory]
    [InlineData("MEMBER", true)]
    [InlineData("OWNER", true)]
    [InlineData("COLLABORATOR", false)]
    [InlineData("CONTRIBUTOR", false)]
    [InlineData(null, false)]
    public void A_fork_of_a_trusted_author_is_built_like_a_branch_of_ones_own(string? association, bool trusted)
    {
        var e = Event("opened", Stranger);
        var verdict = Decide(e with { PullRequest = e.PullRequest with { AuthorAssociation = association } }, new ForkOptions { TrustedAuthors = "OWNER, MEMBER" });

        Assert.Equal(trusted, verdict is Verdict.Build { IsFork: false });
    }

    [Theory]
    [InlineData("ok-to-build")]
    [InlineData("OK-to-build")]
    public void The_label_approves(string label) => Assert.Equal(new Verdict.Approve("maintainer"), Decide(Labelled(label, Stranger)));

    [Theory]
    [InlineData("bug")]
    [InlineData("ok-to-build-not")]
    [InlineData("")]
    public void Another_label_does_not(string label) => Assert.IsType<Verdict.Ignore>(Decide(Labelled(label, Stranger)));

    [Fact]
    public void Taking_the_label_off_is_no_approval() =>
        Assert.IsType<Verdict.Ignore>(Decide(Labelled("ok-to-build", Stranger) with { Action = "unlabeled" }));

    [Fact]
    public void The_label_means_nothing_on_a_branch_of_ones_own() => Assert.IsType<Verdict.Ignore>(Decide(Labelled("ok-to-build", Base)));

    [Fact]
    public void The_label_means_nothing_on_a_closed_pull_request()
    {
        var e = Labelled("ok-to-build", Stranger);

        Assert.IsType<Verdict.Ignore>(Decide(e with { PullRequest = e.PullRequest with { State = "closed" } }));
    }

    [Fact]
    public void Without_a_label_in_the_settings_none_approves()
    {
        var options = new ForkOptions { Label = "" };

        Assert.IsType<Verdict.Ignore>(Decide(Labelled("", Stranger), options));
        Assert.DoesNotContain("label", Assert.IsType<Verdict.Wait>(Decide(Event("opened", Stranger), options)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_merged_fork_is_built_because_somebody_with_write_access_merged_it() =>
        Assert.Equal(new Verdict.Build(BuildPurpose.Merge), Decide(Event("closed", merged: true, headRepository: null)));

    private static readonly Repository Base = new() { Id = 1, FullName = "owner/repo" };

    private static readonly Repository Stranger = new() { Id = 2, FullName = "stranger/repo" };

    private static string Reason(PullRequestEvent e, ForkOptions? options = null) => Assert.IsType<Verdict.Ignore>(Decide(e, options)).Reason;

    private static Verdict Decide(PullRequestEvent e, ForkOptions? options = null) => new BuildPolicy(Options.Create(options ?? new ForkOptions())).Decide(e);

    private static PullRequestEvent Labelled(string label, Repository headRepository) =>
        Event("labeled", headRepository) with { Label = new Label { Name = label }, Sender = new Account { Login = "maintainer" } };

    private static PullRequestEvent Event(string action, bool draft = false, bool merged = false) =>
        Event(action, Base, draft, merged);

    private static PullRequestEvent Event(
        string action, Repository? headRepository, bool draft = false, bool merged = false, IReadOnlyList<string>? labels = null) =>
        PullRequestEvent.Parse(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new
        {
            action,
            number = 7,
            repository = new { id = Base.Id, full_name = Base.FullName },
            pull_request = new
            {
                head = new { @ref = "feature", sha = new string('a', 40), repo = headRepository is null ? null : new { id = headRepository.Id, full_name = headRepository.FullName } },
                @base = new { @ref = "main", sha = new string('b', 40), repo = new { id = Base.Id, full_name = Base.FullName } },
                draft,
                merged,
                state = "open",
                labels = (labels ?? []).Select(name => new { name }),
                title = "A change",
                user = new { login = "someone" },
                updated_at = DateTimeOffset.UnixEpoch,
                html_url = "https://github.com/owner/repo/pull/7",
            },
        }));
}
