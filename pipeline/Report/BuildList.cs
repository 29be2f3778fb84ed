using System.Globalization;
using Ci.Pipeline.Webhook;

namespace Ci.Pipeline.Report;

/// <summary>
/// The lists that a build is in, each a range of rows whose keys begin alike and go on with the build's place in time, so
/// that whatever people filter by is read from one range, newest first, and nothing is read that is not shown.
/// </summary>
internal static class BuildList
{
    private const string Prefix = "list-";

    /// <summary>What the keys of all repositories' rows begin with.</summary>
    public const string Repositories = Prefix + "repository-";

    /// <summary>All builds.</summary>
    public const string All = BuildRow.TimePrefix;

    /// <summary>A repository's builds.</summary>
    public static string OfRepository(string repository) => $"{Repositories}{Name(repository)}|";

    /// <summary>A repository's builds of what was merged.</summary>
    public static string OfMerges(string repository) => $"{Prefix}merge-{Name(repository)}|";

    /// <summary>A pull request's builds.</summary>
    public static string OfPullRequest(string repository, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}pull-{Name(repository)}|{number}|");

    /// <summary>The builds that ended so.</summary>
    public static string OfState(BuildState state) => $"{Prefix}state-{Word(state)}|";

    /// <summary>A repository's builds that ended so.</summary>
    public static string OfState(BuildState state, string repository) => $"{Prefix}ended-{Name(repository)}|{Word(state)}|";

    /// <summary>The lists that a build is in beside that of all. What has not ended is found among the active ones.</summary>
    public static IEnumerable<string> Of(BuildRecord record)
    {
        var repository = record.Request.Repository;
        yield return OfRepository(repository);
        yield return OfPullRequest(repository, record.Request.PullRequest);
        if (record.Request.Purpose == BuildPurpose.Merge)
        {
            yield return OfMerges(repository);
        }

        if (record.IsFinal)
        {
            yield return OfState(record.State);
            yield return OfState(record.State, repository);
        }
    }

    /// <summary>The filter that finds a list's rows behind a place; from its beginning if there is none.</summary>
    public static string Filter(string list, string? behind = null) =>
        $"PartitionKey eq '{BuildRow.Partition}' and RowKey gt '{list}{behind}' and RowKey lt '{End(list)}'";

    /// <summary>The key that is just behind a list's: its last character's next one.</summary>
    public static string End(string list) => list[..^1] + (char)(list[^1] + 1);

    // Keys may not have a '/'; what no repository's name has may come from a message that somebody wrote by hand.
    private static string Name(string repository) => string.Concat(
        repository.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : c == '/' ? '|' : '_'));

    private static string Word(BuildState state) => state.ToString().ToLowerInvariant();
}
