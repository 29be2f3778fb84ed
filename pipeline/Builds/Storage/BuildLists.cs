using System.Globalization;
using System.Text.RegularExpressions;

namespace Ci.Pipeline.Builds.Storage;

public sealed partial record BuildFilter
{
    public string? Repository { get; init; }

    public BuildState? State { get; init; }

    public int? PullRequest { get; init; }

    public string? Before { get; init; }

    public bool IsFiltered => Repository is not null || State is not null || PullRequest is not null;

    /// <summary>Reads what people enter or follow; null, and why, where that is no filter.</summary>
    public static (BuildFilter? Filter, string? Problem) Parse(string? repository, string? state, string? pullRequest, string? before)
    {
        repository = repository?.Trim();
        pullRequest = pullRequest?.Trim().TrimStart('#');
        BuildState parsed = default;
        var number = 0;
        var problem =
            !string.IsNullOrEmpty(repository) && !RepositoryName().IsMatch(repository)
                ? "The repository must be given as owner/name."
            : !string.IsNullOrEmpty(state) && !(char.IsAsciiLetter(state[0]) && Enum.TryParse(state, ignoreCase: true, out parsed))
                ? "There is no state of that name."
            : !string.IsNullOrEmpty(pullRequest)
                && !(int.TryParse(pullRequest, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0)
                ? "The pull request must be given by its number."
            : number > 0 && string.IsNullOrEmpty(repository) ? "Give the repository too: pull requests are numbered within one."
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

    public static bool IsRepository(string name) => RepositoryName().IsMatch(name);

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}/[A-Za-z0-9._-]{1,100}\z")]
    private static partial Regex RepositoryName();

    [GeneratedRegex(@"^[0-9]{19}-[a-z0-9]{26}\z")]
    private static partial Regex PlaceShape();
}

/// <summary>Builds, newest first, and the place to go on at; null when there is nothing older.</summary>
public sealed record BuildListPart(IReadOnlyList<Build> Builds, string? Older);

/// <summary>Lists builds by what people look for, each from the range of rows that is nearest to it.</summary>
public sealed class BuildLists(BuildStore store)
{
    private const int Looked = 200;

    /// <summary>The builds of a filter, newest first; in a repository's list warnings and log tails are left out.</summary>
    public async Task<BuildListPart> ListAsync(BuildFilter filter, int count, CancellationToken cancellationToken)
    {
        var found = filter switch
        {
            { State: BuildState.Queued or BuildState.Running } => await ActiveAsync(filter, cancellationToken),
            { Repository: { } repository } =>
                await ReadAsync(BuildList.OfRepository(repository), filter, count + 1, Conditions(filter), cancellationToken),
            _ => await ReadAsync(BuildList.All, filter, count + 1, Conditions(filter), cancellationToken),
        };
        return new BuildListPart([.. found.Take(count)], found.Count > count ? BuildRow.Place(found[count - 1]) : null);
    }

    public Task<IReadOnlyList<Build>> SucceededAsync(string repository, int count, CancellationToken cancellationToken) =>
        ReadAsync(
            BuildList.OfRepository(repository),
            new BuildFilter { Repository = repository, State = BuildState.Succeeded },
            count,
            Is(BuildState.Succeeded),
            cancellationToken);

    public Task<IReadOnlyList<Build>> MergesAsync(string repository, int count, CancellationToken cancellationToken) =>
        store.ListAsync(
            BuildList.OfRepository(repository),
            null,
            count,
            $" and Purpose eq '{BuildPurpose.Merge}'",
            build => build.Request.Purpose == BuildPurpose.Merge && IsOf(new BuildFilter { Repository = repository }, build),
            cancellationToken);

    public async Task<IReadOnlyList<string>> RepositoriesAsync(CancellationToken cancellationToken) =>
        [.. (await store.ListAsync(Looked, cancellationToken))
            .Select(build => build.Request.Repository)
            .Distinct()
            .Order(StringComparer.OrdinalIgnoreCase)];

    private async Task<IReadOnlyList<Build>> ActiveAsync(BuildFilter filter, CancellationToken cancellationToken) =>
        [.. (await store.ActiveAsync(cancellationToken))
            .Where(build => IsOf(filter, build)
                && (filter.Before is null || string.CompareOrdinal(BuildRow.Place(build), filter.Before) > 0))
            .OrderBy(BuildRow.Place, StringComparer.Ordinal)];

    private static bool IsOf(BuildFilter filter, Build build) =>
        (filter.State is null || filter.State == build.State)
        && (filter.Repository is null || filter.Repository.Equals(build.Request.Repository, StringComparison.OrdinalIgnoreCase))
        && (filter.PullRequest is null || filter.PullRequest == build.Request.PullRequest);

    private static string Conditions(BuildFilter filter) =>
        (filter.State is { } state ? Is(state) : "")
        + (filter.PullRequest is { } number ? string.Create(CultureInfo.InvariantCulture, $" and PullRequest eq {number}") : "");

    private static string Is(BuildState state) => $" and State eq '{state}'";

    private Task<IReadOnlyList<Build>> ReadAsync(
        string list, BuildFilter filter, int count, string conditions, CancellationToken cancellationToken) =>
        store.ListAsync(list, filter.Before, count, conditions, build => IsOf(filter, build), cancellationToken);
}
