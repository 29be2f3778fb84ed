namespace Ci.Pipeline.Builds.Storage;

/// <summary>The lists that a build is in when nothing is left to be done about it, each a range of rows whose keys begin alike and go
/// on with the build's place in time, so that a list is read from one range, newest first. There are few of them, for a storage
/// emulator looks at every row of a table whatever it is asked for.</summary>
internal static class BuildList
{
    public const string All = BuildRow.TimePrefix;

    public const string Prefix = "list-";

    public static string OfRepository(string repository) => $"{Prefix}repository-{Name(repository)}|";

    public static IEnumerable<string> Of(Build record) => [All, OfRepository(record.Request.Repository)];

    /// <summary>The filter that finds a list's rows behind a place; from its beginning if there is none.</summary>
    public static string Filter(string list, string? behind = null) =>
        $"PartitionKey eq '{BuildRow.Partition}' and RowKey gt '{list}{behind}' and RowKey lt '{list[..^1]}{(char)(list[^1] + 1)}'";

    // Keys may not have a '/'; what no repository's name has may come from a message that somebody wrote by hand.
    private static string Name(string repository) => string.Concat(
        repository.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : c == '/' ? '|' : '_'));
}
