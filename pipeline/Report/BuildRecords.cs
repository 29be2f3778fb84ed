namespace Ci.Pipeline.Report;

/// <summary>
/// The builds' records. A build has a row that is found by its id, one that sorts by time, newest first, so that a list
/// reads only what it shows, and while something is to be done about it a third, so that this is found among a hundred
/// thousand that are done.
/// </summary>
public sealed class BuildRecords(BuildsTable table)
{
    /// <summary>The table's name.</summary>
    public const string TableName = "builds";

    /// <summary>Adds a record; false when there is one of that id already.</summary>
    public Task<bool> TryAddAsync(BuildRecord record, CancellationToken cancellation) =>
        table.TryWriteAsync(BuildRow.Add(record), cancellation);

    /// <summary>The record of a build, or null.</summary>
    public async Task<BuildRecord?> FindAsync(string id, CancellationToken cancellation) =>
        await table.FindAsync(BuildRow.IdKey(id), cancellation) is { } row ? BuildRow.Read(row) : null;

    /// <summary>
    /// Changes a record as it stands at that moment: <paramref name="change"/> is given the newest one, as often as
    /// somebody else was faster, and returns the new one, or null to leave it. Returns what was written, or null.
    /// </summary>
    public async Task<BuildRecord?> UpdateAsync(string id, Func<BuildRecord, BuildRecord?> change, CancellationToken cancellation)
    {
        while (await table.FindAsync(BuildRow.IdKey(id), cancellation) is { } row)
        {
            var before = BuildRow.Read(row);
            if (change(before) is not { } after)
            {
                return null;
            }

            if (await table.TryWriteAsync(BuildRow.Update(before, after, row.ETag), cancellation))
            {
                return after;
            }
        }

        return null;
    }

    /// <summary>The newest builds, newest first.</summary>
    public async Task<IReadOnlyList<BuildRecord>> ListAsync(int count, CancellationToken cancellation) =>
        [.. (await table.QueryAsync(BuildRow.StartingWith(BuildRow.TimePrefix), count, cancellation)).Select(BuildRow.Read)];

    /// <summary>A repository's builds that wait for a worker, in no order, as many as asked for.</summary>
    public async Task<IReadOnlyList<BuildRecord>> QueuedOfAsync(string repository, int count, CancellationToken cancellation) =>
        [.. (await table.QueryAsync(
            $"{BuildRow.StartingWith(BuildRow.ActivePrefix)} and State eq '{nameof(BuildState.Queued)}' and Repository eq '{repository.Replace("'", "''", StringComparison.Ordinal)}'",
            count,
            cancellation)).Select(BuildRow.Read)];

    /// <summary>The builds about which something is still to be done, in no order.</summary>
    public async Task<IReadOnlyList<BuildRecord>> ActiveAsync(CancellationToken cancellation) =>
        [.. (await table.QueryAsync(BuildRow.StartingWith(BuildRow.ActivePrefix), int.MaxValue, cancellation)).Select(BuildRow.Read)];
}
