using Ci.Pipeline.Webhook;
using Microsoft.Extensions.Options;

namespace Ci.Tests.Webhook;

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
    [InlineData("labeled")]
    [InlineData("edited")]
    [InlineData("converted_to_draft")]
    [InlineData("something_new")]
    public void Other_actions_are_named_and_ignored(string action) =>
        Assert.Contains(action.Replace('_', ' '), Reason(Event(action)), StringComparison.Ordinal);

    [Fact]
    public void A_draft_waits_until_it_is_ready() =>
        Assert.Contains("ready for review", Reason(Event("opened", draft: true)), StringComparison.Ordinal);

    [Fact]
    public void A_fork_is_not_built_and_the_setting_that_would_is_named()
    {
        var reason = Reason(Event("opened", headRepository: new Repository { Id = 2, FullName = "stranger/repo" }));

        Assert.Contains("stranger/repo", reason, StringComparison.Ordinal);
        Assert.Contains("GitHub__BuildForks", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_fork_of_the_same_name_is_still_a_fork() =>
        Assert.IsType<Verdict.Ignore>(Decide(Event("opened", headRepository: new Repository { Id = 2, FullName = "owner/repo" })));

    [Fact]
    public void A_deleted_fork_is_a_fork() =>
        Assert.Contains("a fork that was deleted", Reason(Event("opened", headRepository: null)), StringComparison.Ordinal);

    [Fact]
    public void Forks_are_built_when_the_setting_says_so() =>
        Assert.Equal(new Verdict.Build(BuildPurpose.PullRequest), Decide(Event("opened", headRepository: null), buildForks: true));

    [Fact]
    public void A_merged_fork_is_built_because_somebody_with_write_access_merged_it() =>
        Assert.Equal(new Verdict.Build(BuildPurpose.Merge), Decide(Event("closed", merged: true, headRepository: null)));

    private static readonly Repository Base = new() { Id = 1, FullName = "owner/repo" };

    private static string Reason(PullRequestEvent e) => Assert.IsType<Verdict.Ignore>(Decide(e)).Reason;

    private static Verdict Decide(PullRequestEvent e, bool buildForks = false) =>
        new BuildPolicy(Options.Create(new WebhookOptions { WebhookSecret = "12345678", BuildForks = buildForks })).Decide(e);

    private static PullRequestEvent Event(string action, bool draft = false, bool merged = false) =>
        Event(action, Base, draft, merged);

    private static PullRequestEvent Event(string action, Repository? headRepository, bool draft = false, bool merged = false) => new()
    {
        Action = action,
        Number = 7,
        Repository = Base,
        PullRequest = new PullRequest
        {
            Head = new Side { Ref = "feature", Sha = new string('a', 40), Repo = headRepository },
            Base = new Side { Ref = "main", Sha = new string('b', 40), Repo = Base },
            Draft = draft,
            Merged = merged,
            Title = "A change",
            User = new Account { Login = "someone" },
            UpdatedAt = DateTimeOffset.UnixEpoch,
            HtmlUrl = "https://github.com/owner/repo/pull/7",
        },
    };
}
