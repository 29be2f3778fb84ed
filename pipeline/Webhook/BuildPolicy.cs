using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Webhook;

/// <summary>What is done about a delivery.</summary>
public abstract record Verdict
{
    private Verdict()
    {
    }

    /// <summary>The head commit is built, or what was built of the pull request goes, as the purpose says.</summary>
    public sealed record Build(BuildPurpose Purpose) : Verdict;

    /// <summary>Nothing is built; the reason is for people.</summary>
    public sealed record Ignore(string Reason) : Verdict;
}

/// <summary>Decides which pull-request events are built.</summary>
public sealed class BuildPolicy(IOptions<WebhookOptions> options)
{
    /// <summary>The verdict on an event.</summary>
    public Verdict Decide(PullRequestEvent e) => e.Action switch
    {
        "closed" when e.PullRequest.Merged == true => new Verdict.Build(BuildPurpose.Merge),
        "closed" => new Verdict.Build(BuildPurpose.Close),
        "opened" or "reopened" or "synchronize" or "ready_for_review" => DecideOpen(e),
        _ => new Verdict.Ignore($"ignored: a pull request that was {e.Action.Replace('_', ' ')} changes nothing to build"),
    };

    private Verdict DecideOpen(PullRequestEvent e)
    {
        if (e.PullRequest.Draft)
        {
            return new Verdict.Ignore($"ignored: pull request #{e.Number} is a draft; it is built when it is marked ready for review");
        }

        if (e.PullRequest.IsFork && !options.Value.BuildForks)
        {
            return new Verdict.Ignore(
                $"ignored: pull request #{e.Number} comes from {e.PullRequest.Head.Repo?.FullName ?? "a fork that was deleted"}, "
                + "and forks are not built; set GitHub__BuildForks to true to build them");
        }

        return new Verdict.Build(BuildPurpose.PullRequest);
    }
}
