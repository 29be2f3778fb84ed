using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Azure.Data.Tables;

namespace Ci.Pipeline.Builds.Storage;

/// <summary>Leases of rows of table <c>builds</c>, each with its record as JSON in column <c>Record</c>. A lease lasts
/// <paramref name="length"/> without an answer: several times what the work takes.</summary>
internal sealed class RowLease<T>(BuildsTable table, JsonTypeInfo<T> type, TimeSpan length, TimeProvider time)
    where T : Leased
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Takes a row over, or adds it; its owner may take it again. <paramref name="change"/> gets the record, if there is one,
    /// and returns the new one, or null to leave it. Returns what was written; null when it was left, or is another's.</summary>
    public async Task<T?> TakeAsync(TableEntity row, string owner, Func<T?, T?> change, bool waits, CancellationToken cancellationToken)
    {
        while (true)
        {
            var found = await table.FindAsync(row.RowKey, cancellationToken);
            var held = found is null ? null : Read(found);
            if (change(held) is not { } next)
            {
                return null;
            }

            if (held is null || held.Owner == owner || !held.IsHeld(time.GetUtcNow()))
            {
                var taken = next.HeldBy(owner, time.GetUtcNow() + length);
                row["Record"] = JsonSerializer.Serialize(taken, type);
                if (await table.TryWriteAsync([BuildsTable.Put(row, found?.ETag)], cancellationToken))
                {
                    return taken;
                }
            }
            else if (waits)
            {
                await Task.Delay(LookInterval, time, cancellationToken);
            }
            else
            {
                return null;
            }
        }
    }

    /// <summary>Lets go of a row with what is known by now; of one that is somebody else's it lets be.</summary>
    public async Task ReleaseAsync(string key, T held, CancellationToken cancellationToken)
    {
        if (await OwnAsync(key, held, cancellationToken) is { } row)
        {
            row["Record"] = JsonSerializer.Serialize(held.Released(), type);
            await table.TryWriteAsync([BuildsTable.Put(row, row.ETag)], cancellationToken);
        }
    }

    public async Task DeleteAsync(string key, T held, CancellationToken cancellationToken)
    {
        if (await OwnAsync(key, held, cancellationToken) is { } row)
        {
            await table.TryWriteAsync([new TableTransactionAction(TableTransactionActionType.Delete, row, row.ETag)], cancellationToken);
        }
    }

    public T Read(TableEntity row) => BuildRow.Read(row, type);

    private async Task<TableEntity?> OwnAsync(string key, T held, CancellationToken cancellationToken) =>
        await table.FindAsync(key, cancellationToken) is { } row && Read(row).Owner == held.Owner ? row : null;
}
