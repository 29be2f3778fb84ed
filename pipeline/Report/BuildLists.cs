using System.Globalization;
using System.Text.RegularExpressions;

namespace Ci.Pipeline.Report;

/// <summary>Which builds to list.</summary>
public sealed partial record BuildFilter
{
    /// <summary>Of this repository, <c>owner/name</c>; null for any.</summary>
    public string? Repository { get; init; }

    /// <summary>In this state; null for any.</summary>
    public BuildState? State { get; init; }

    /// <summary>Of this pull request; null for any.</summary>
    public int? PullRequest { get; init; }

    /// <summary>Only what is older than this place of an earlier list.</summary>
    public string? Before { get; init; }

    /// <summary>Whether it lists only some.</summary>
    public bool IsFiltered => Repository is not null || State is not null || PullRequest is not null;

    /// <summary>Reads what people enter or follow; null, and why, where that is no filter.</summary>
    public static (BuildFilter? Filter, string? Problem) Parse(string? repository, string? state, string? pullRequest, string? before)
    {
        repository = repository?.Trim();
        pullRequest = pullRequest?.Trim().TrimStart('#');
        BuildState parsed = default;
        var number = 0;
        var problem =
            !string.IsNullOrEmpty(repository) && !RepositoryName().IsMatch(repository) ? "The repository must be given as owner/name."
            : !string.IsNullOrEmpty(state) && !(char.IsAsciiLetter(state[0]) && Enum.TryParse(state, ignoreCase: true, out parsed)) ? "There is no state of that name."
            : !string.IsNullOrEmpty(pullRequest) && !(int.TryParse(pullRequest, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0)
                ? "The pull request must be given by its number."
            : !string.IsNullOrEmpty(before) && !PlaceShape().IsMatch(before) ? "That place in the list is none; begin with the newest."
            : null;
        return problem is not null ? (null, problem) : (
            new BuildFilter
            {
                Repository = string.IsNullOrEmpty(repository) ? null : repository,
                State = string.IsNullOrEmpty(state) ? null : parsed,
                PullRequest = string.IsNullOrEmpty(pullRequest) ? null : number,
                Before = string.IsNullOrEmpty(before) ? null : before,
            },
            null);
    }

    /// <summary>Whether a name is an <c>owner/name</c>.</summary>
    public static bool IsRepository(string name) => RepositoryName().IsMatch(name);

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}/[A-Za-z0-9._-]{1,100}\z")]
    private static partial Regex RepositoryName();

    [GeneratedRegex(@"^[0-9]{19}-[a-z0-9]{26}\z")]
    private static partial Regex PlaceShape();
}

/// <summary>A part of a list.</summary>
/// <param name="Builds">The builds, newest first.</param>
/// <param name="Older">The place to go on at; null when there is nothing older.</param>
public sealed record BuildListPart(IReadOnlyList<BuildRecord> Builds, string? Older);

/// <summary>Lists builds by what people look for; every list reads ranges of rows that hold no more than it shows.</summary>
public sealed class BuildLists(BuildsTable table, BuildRecords records)
{
    private const int MostRepositories = 100;

    /// <summary>The builds of a filter, newest first; warnings and log tails are left out.</summary>
    public async Task<BuildListPart> ListAsync(BuildFilter filter, int count, CancellationToken cancellation)
    {
        var found = filter switch
        {
            { State: BuildState.Queued or BuildState.Running } => await ActiveAsync(filter, cancellation),
            { PullRequest: { } number, Repository: { } repository } => await PullRequestAsync(repository, number, filter, count, cancellation),
            { PullRequest: { } number } => await PullRequestsAsync(number, filter, count, cancellation),
            { Repository: { } repository, State: { } state } => await ReadAsync(BuildList.OfState(state, repository), filter.Before, count + 1, cancellation),
            { Repository: { } repository } => await ReadAsync(BuildList.OfRepository(repository), filter.Before, count + 1, cancellation),
            { State: { } state } => await ReadAsync(BuildList.OfState(state), filter.Before, count + 1, cancellation),
            _ => await ReadAsync(BuildList.All, filter.Before, count + 1, cancellation),
        };
        return new BuildListPart([.. found.Take(count)], found.Count > count ? BuildRow.Place(found[count - 1]) : null);
    }

    /// <summary>A repository's newest builds that succeeded, newest first.</summary>
    public Task<IReadOnlyList<BuildRecord>> SucceededAsync(string repository, int count, CancellationToken cancellation) =>
        ReadAsync(BuildList.OfState(BuildState.Succeeded, repository), null, count, cancellation);

    /// <summary>A repository's newest builds of what was merged, newest first.</summary>
    public Task<IReadOnlyList<BuildRecord>> MergesAsync(string repository, int count, CancellationToken cancellation) =>
        ReadAsync(BuildList.OfMerges(repository), null, count, cancellation);

    /// <summary>The repositories that have builds, by name: one row of each is read, and the rest of its rows is stepped over.</summary>
    public async Task<IReadOnlyList<string>> RepositoriesAsync(CancellationToken cancellation)
    {
        var names = new List<string>();
        var from = BuildList.Repositories;
        while (names.Count < MostRepositories)
        {
            var filter = $"PartitionKey eq '{BuildRow.Partition}' and RowKey ge '{from}' and RowKey lt '{BuildList.End(BuildList.Repositories)}'";
            if (await table.QueryAsync(filter, 1, cancellation) is not [var row])
            {
                break;
            }

            names.Add(row.GetString("Repository"));
            from = BuildList.End(BuildList.OfRepository(names[^1]));
        }

        return names;
    }

    private async Task<IReadOnlyList<BuildRecord>> ActiveAsync(BuildFilter filter, CancellationToken cancellation) =>
        [.. (await records.ActiveAsync(cancellation)).Where(build => IsOf(filter, build)).OrderBy(BuildRow.Place, StringComparer.Ordinal)];

    /// <summary>A pull request has few builds, so that those of one state may be looked for among them.</summary>
    private async Task<IReadOnlyList<BuildRecord>> PullRequestAsync(
        string repository, int number, BuildFilter filter, int count, CancellationToken cancellation) =>
        await ReadAsync(BuildList.OfPullRequest(repository, number), filter.Before, count + 1, cancellation, filter.State);

    private async Task<IReadOnlyList<BuildRecord>> PullRequestsAsync(int number, BuildFilter filter, int count, CancellationToken cancellation)
    {
        var found = new List<BuildRecord>();
        foreach (var repository in await RepositoriesAsync(cancellation))
        {
            found.AddRange(await PullRequestAsync(repository, number, filter, count, cancellation));
        }

        return [.. found.OrderBy(BuildRow.Place, StringComparer.Ordinal).Take(count + 1)];
    }

    private static bool IsOf(BuildFilter filter, BuildRecord build) =>
        build.State == filter.State
        && (filter.Repository is null || filter.Repository.Equals(build.Request.Repository, StringComparison.OrdinalIgnoreCase))
        && (filter.PullRequest is null || filter.PullRequest == build.Request.PullRequest)
        && (filter.Before is null || string.CompareOrdinal(BuildRow.Place(build), filter.Before) > 0);

    private async Task<IReadOnlyList<BuildRecord>> ReadAsync(
        string list, string? behind, int count, CancellationToken cancellation, BuildState? state = null)
    {
        var filter = BuildList.Filter(list, behind) + (state is null ? "" : $" and State eq '{state}'");
        return [.. (await table.QueryAsync(filter, count, cancellation)).Select(BuildRow.Read)];
    }
}
