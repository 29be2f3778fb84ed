using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Azure.Data.Tables;

namespace Ci.Pipeline.Builds.Storage;

/// <summary>Leases of rows of table <c>builds</c>, each with its record as JSON in column <c>Record</c>.</summary>
/// <param name="table">The table.</param>
/// <param name="type">The record.</param>
/// <param name="length">How long a lease lasts without an answer: several times what the work takes.</param>
/// <param name="time">The clock.</param>
internal sealed class RowLease<T>(BuildsTable table, JsonTypeInfo<T> type, TimeSpan length, TimeProvider time)
    where T : Leased
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Takes a row over, or adds it.</summary>
    /// <param name="row">Its key, and the columns that people look for.</param>
    /// <param name="owner">Who takes it; what it has already it may take again.</param>
    /// <param name="change">Gets the record, if there is one, and returns the new one, or null to leave it.</param>
    /// <param name="waits">Whether to wait while somebody else has it.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    /// <returns>The record as it was written; null when it was left, or somebody else has it.</returns>
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

    /// <summary>Removes a row, unless it is somebody else's.</summary>
    public async Task DeleteAsync(string key, T held, CancellationToken cancellationToken)
    {
        if (await OwnAsync(key, held, cancellationToken) is { } row)
        {
            await table.TryWriteAsync([new TableTransactionAction(TableTransactionActionType.Delete, row, row.ETag)], cancellationToken);
        }
    }

    public T Read(TableEntity row) =>
        JsonSerializer.Deserialize(row.GetString("Record"), type)
        ?? throw new InvalidOperationException($"Row {row.RowKey} of table {BuildStore.TableName} has no record.");

    private async Task<TableEntity?> OwnAsync(string key, T held, CancellationToken cancellationToken) =>
        await table.FindAsync(key, cancellationToken) is { } row && Read(row).Owner == held.Owner ? row : null;
}
