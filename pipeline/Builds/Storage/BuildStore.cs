using Azure.Data.Tables;

namespace Ci.Pipeline.Builds.Storage;

/// <summary>The builds' records. While something is to be done about a build, its row is among the active ones, which are found among
/// a hundred thousand that are done. Then it is among those, and has a row in each of the lists that it is in, which sort by time,
/// newest first, so that a list reads only what it shows.</summary>
public sealed class BuildStore(BuildsTable table)
{
    public const string TableName = "builds";

    public async Task<bool> TryAddAsync(Build record, CancellationToken cancellationToken) =>
        await table.FindBuildAsync(record.Id, cancellationToken) is null
        && await table.TryWriteAsync(BuildRow.Add(record), cancellationToken);

    public async Task<Build?> FindAsync(string id, CancellationToken cancellationToken) =>
        await FindRowAsync(id, cancellationToken) is { } row ? BuildRow.Read(row) : null;

    /// <summary>Changes a record as it stands at that moment: <paramref name="change"/> is given the newest one, as often as somebody
    /// else was faster, and returns the new one, or null to leave it. Returns what was written, or null.</summary>
    public async Task<Build?> UpdateAsync(string id, Func<Build, Build?> change, CancellationToken cancellationToken)
    {
        while (await FindRowAsync(id, cancellationToken) is { } row)
        {
            if (change(BuildRow.Read(row)) is not { } after)
            {
                return null;
            }

            if (await table.TryWriteAsync(BuildRow.Update(row, after), cancellationToken))
            {
                return after;
            }
        }

        return null;
    }

    public Task<IReadOnlyList<Build>> ListAsync(int count, CancellationToken cancellationToken) =>
        ListAsync(BuildList.All, null, count, "", static _ => true, cancellationToken);

    /// <summary>The newest builds of a list behind a place, newest first: the active ones that <paramref name="isWanted"/> finds,
    /// and those of the list that meet the conditions in storage's words: <c> and State eq …</c>.</summary>
    internal async Task<IReadOnlyList<Build>> ListAsync(
        string list, string? behind, int count, string conditions, Func<Build, bool> isWanted, CancellationToken cancellationToken)
    {
        // In this order: a build that ends meanwhile is found twice, and not missed.
        var active = (await ActiveAsync(cancellationToken)).Where(
            build => isWanted(build) && (behind is null || string.CompareOrdinal(BuildRow.Place(build), behind) > 0));
        var ended = (await table.QueryAsync(BuildList.Filter(list, behind) + conditions, count, cancellationToken)).Select(BuildRow.Read);
        return [.. active.Concat(ended).DistinctBy(build => build.Id).OrderBy(BuildRow.Place, StringComparer.Ordinal).Take(count)];
    }

    public async Task<IReadOnlyList<Build>> QueuedOfAsync(string repository, int count, CancellationToken cancellationToken) =>
        [.. (await table.QueryAsync(
            $"{BuildRow.StartingWith(BuildRow.ActivePrefix)} and State eq '{nameof(BuildState.Queued)}'"
                + $" and Repository eq '{repository.Replace("'", "''", StringComparison.Ordinal)}'",
            count,
            cancellationToken)).Select(BuildRow.Read)];

    public async Task<IReadOnlyList<Build>> ActiveAsync(CancellationToken cancellationToken) =>
        [.. (await table.QueryAsync(BuildRow.StartingWith(BuildRow.ActivePrefix), int.MaxValue, cancellationToken)).Select(BuildRow.Read)];

    /// <summary>The row of a build, also of one that moved from one place to the other and back between two looks.</summary>
    private async Task<TableEntity?> FindRowAsync(string id, CancellationToken cancellationToken) =>
        await table.FindBuildAsync(id, cancellationToken) ?? await table.FindBuildAsync(id, cancellationToken);
}
