using Ci.Pipeline.Builds;
using Ci.Pipeline.GitHub;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Intake;

/// <summary>What is done about a delivery.</summary>
public abstract record Verdict
{
    private Verdict()
    {
    }

    /// <summary>The head commit is built, or what was built of the pull request goes, as the purpose says.</summary>
    /// <param name="Purpose">Why.</param>
    /// <param name="IsFork">Whether it is a stranger's, and built within a fork's limits.</param>
    public sealed record Build(BuildPurpose Purpose, bool IsFork = false) : Verdict;

    /// <summary>The head commit is a fork's and waits for somebody's approval.</summary>
    /// <param name="Reason">What to do, for people.</param>
    public sealed record Wait(string Reason) : Verdict;

    /// <summary>The head commit is approved, if whoever did it may.</summary>
    /// <param name="Login">Who did it.</param>
    public sealed record Approve(string Login) : Verdict;

    /// <summary>Nothing is built; the reason is for people.</summary>
    public sealed record Ignore(string Reason) : Verdict;
}

public sealed class BuildPolicy(IOptions<ForkOptions> forks)
{
    public Verdict Decide(PullRequestEvent e) => e.Action switch
    {
        "closed" when e.PullRequest.Merged == true => new Verdict.Build(BuildPurpose.Merge),
        "closed" => new Verdict.Build(BuildPurpose.Close),
        "opened" or "reopened" or "synchronize" or "ready_for_review" => DecideOpen(e),
        "labeled" => DecideLabel(e),
        _ => new Verdict.Ignore($"ignored: a pull request that was {e.Action.Replace('_', ' ')} changes nothing to build"),
    };

    /// <summary>What to do so that a fork's commit is built, in a sentence.</summary>
    public string HowToApprove(string commit) =>
        $"Waiting for approval: someone with write access comments {BuildCommand.For(commit)}"
        + (forks.Value.Label.Length > 0 ? $" or sets the label {forks.Value.Label}." : ".");

    private Verdict DecideOpen(PullRequestEvent e)
    {
        if (e.PullRequest.Draft)
        {
            return new Verdict.Ignore($"ignored: pull request #{e.Number} is a draft; it is built when it is marked ready for review");
        }

        if (!IsUntrusted(e))
        {
            return new Verdict.Build(BuildPurpose.PullRequest);
        }

        return forks.Value.Build switch
        {
            ForkPolicy.Always => new Verdict.Build(BuildPurpose.PullRequest, IsFork: true),
            ForkPolicy.Approved => new Verdict.Wait(HowToApprove(e.PullRequest.Head.Sha)),
            _ => new Verdict.Ignore(
                $"ignored: pull request #{e.Number} comes from {e.PullRequest.Head.Repo?.FullName ?? "a fork that was deleted"}, "
                + "and forks are not built; set Forks__Build to Approved to have them built once somebody approves"),
        };
    }

    /// <summary>Only setting the label counts, not that a pull request has it: it stays on when another commit is pushed.</summary>
    private Verdict DecideLabel(PullRequestEvent e)
    {
        var label = forks.Value.Label;
        var name = e.Label?.Name ?? "";
        if (forks.Value.Build != ForkPolicy.Approved || label.Length == 0 || !name.Equals(label, StringComparison.OrdinalIgnoreCase))
        {
            return new Verdict.Ignore($"ignored: the label '{(name.Length > 50 ? name[..50] : name)}' changes nothing to build");
        }

        if (e.PullRequest.State != "open" || e.PullRequest.Draft || !IsUntrusted(e))
        {
            return new Verdict.Ignore(
                $"ignored: the label {label} approves commits of open pull requests from forks, and #{e.Number} is none");
        }

        return e.Sender is { } sender
            ? new Verdict.Approve(sender.Login)
            : new Verdict.Ignore($"ignored: nobody is named who set the label {label}");
    }

    private bool IsUntrusted(PullRequestEvent e) => e.PullRequest.IsFork && !forks.Value.Trusts(e.PullRequest.AuthorAssociation);
}
