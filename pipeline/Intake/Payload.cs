using Ci.Pipeline.Builds;
using Ci.Pipeline.GitHub;

namespace Ci.Pipeline.Intake;

/// <summary>What is looked at in every payload before anything is made of it: its texts become addresses and names.</summary>
internal static class Payload
{
    /// <summary>What is wrong with a pull request's event; null when nothing is.</summary>
    public static string? Problem(PullRequestEvent e) =>
        Problem(e.Repository)
        ?? (GitHubNames.IsCommit(e.PullRequest.Head.Sha)
            ? null
            : $"pull_request.head.sha is '{Shown(e.PullRequest.Head.Sha)}', which is no commit of 40 or 64 hex digits.")
        ?? (e.Number < 1 ? $"number is {e.Number}; pull requests are numbered from 1." : null);

    /// <summary>What is wrong with a comment's event; null when nothing is.</summary>
    public static string? Problem(IssueCommentEvent e) =>
        Problem(e.Repository) ?? (e.Issue.Number < 1 ? $"issue.number is {e.Issue.Number}; pull requests are numbered from 1." : null);

    /// <summary>The answer about a repository that the settings do not name.</summary>
    public static DeliveryResult NotAllowed(Repository repository) =>
        new DeliveryResult.Refused(403, $"{repository.FullName} is not built here: setting GitHub__Repositories does not name it.");

    /// <summary>A text of somebody else's, short enough for a sentence.</summary>
    public static string Shown(string text) => text.Length > 100 ? text[..100] + "…" : text;

    /// <summary>Cut, so that a request fits a queue's message and a table's row whatever its payload has.</summary>
    public static string Cut(string text, int length) => text.Length > length ? text[..length] : text;

    private static string? Problem(Repository repository) =>
        GitHubNames.IsRepository(repository.FullName)
            ? null
            : $"repository.full_name is '{Shown(repository.FullName)}', which is no owner/name.";
}
