using System.Text.RegularExpressions;

namespace Ci.Pipeline.Builds;

/// <summary>The forms of GitHub's names; what has them can be put into an address.</summary>
internal static partial class GitHubNames
{
    public static bool IsRepository(string text) => RepositoryName().IsMatch(text);

    public static bool IsCommit(string text) => CommitHash().IsMatch(text);

    [GeneratedRegex(@"^[A-Za-z0-9](?:[A-Za-z0-9-_]{0,99})/(?!\.{1,2}\z)[A-Za-z0-9._-]{1,100}\z")]
    private static partial Regex RepositoryName();

    [GeneratedRegex(@"^(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})\z")]
    private static partial Regex CommitHash();
}
