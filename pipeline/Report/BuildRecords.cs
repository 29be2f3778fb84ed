using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;
using Ci.Pipeline.Queue;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Report;

/// <summary>
/// The builds' records, in table <c>builds</c>. A build has two rows in one partition, written in one transaction: one
/// that is found by its id, and one that sorts by time, newest first, so that a list reads only what it shows.
/// </summary>
public sealed class BuildRecords(IOptions<StorageOptions> options)
{
    /// <summary>The table's name.</summary>
    public const string TableName = "builds";

    private readonly TableClient _table = new(
        options.Value.ConnectionString, TableName, new TableClientOptions().WithShortPatience());

    /// <summary>Adds a record; false when there is one of that id already.</summary>
    public async Task<bool> TryAddAsync(BuildRecord record, CancellationToken cancellation)
    {
        TableTransactionAction[] rows =
        [
            new(TableTransactionActionType.Add, BuildRow.ById(record)),
            new(TableTransactionActionType.UpsertReplace, BuildRow.ByTime(record)),
        ];
        try
        {
            await WithTableAsync(() => _table.SubmitTransactionAsync(rows, cancellation), cancellation);
            return true;
        }
        catch (RequestFailedException e) when (e.ErrorCode == TableErrorCode.EntityAlreadyExists)
        {
            return false;
        }
    }

    /// <summary>The record of a build, or null.</summary>
    public async Task<BuildRecord?> FindAsync(string id, CancellationToken cancellation) =>
        await FindRowAsync(id, cancellation) is { } row ? BuildRow.Read(row) : null;

    /// <summary>
    /// Changes a record as it stands at that moment: <paramref name="change"/> is given the newest one, as often as
    /// somebody else was faster, and returns the new one, or null to leave it. Returns what was written, or null.
    /// </summary>
    public async Task<BuildRecord?> UpdateAsync(string id, Func<BuildRecord, BuildRecord?> change, CancellationToken cancellation)
    {
        while (true)
        {
            if (await FindRowAsync(id, cancellation) is not { } row || change(BuildRow.Read(row)) is not { } changed)
            {
                return null;
            }

            TableTransactionAction[] rows =
            [
                new(TableTransactionActionType.UpdateReplace, BuildRow.ById(changed), row.ETag),
                new(TableTransactionActionType.UpsertReplace, BuildRow.ByTime(changed)),
            ];
            try
            {
                await _table.SubmitTransactionAsync(rows, cancellation);
                return changed;
            }
            catch (RequestFailedException e) when (e.Status == 412)
            {
                // Somebody changed it since it was read: look again.
            }
        }
    }

    /// <summary>The newest builds, newest first.</summary>
    public async Task<IReadOnlyList<BuildRecord>> ListAsync(int count, CancellationToken cancellation)
    {
        var builds = new List<BuildRecord>();
        var rows = _table.QueryAsync<TableEntity>(BuildRow.IsByTime, Math.Min(count, 1000), cancellationToken: cancellation);
        try
        {
            await foreach (var row in rows)
            {
                builds.Add(BuildRow.Read(row));
                if (builds.Count == count)
                {
                    break;
                }
            }
        }
        catch (RequestFailedException e) when (e.ErrorCode == TableErrorCode.TableNotFound)
        {
            // Nothing was ever built.
        }

        return builds;
    }

    private async Task<TableEntity?> FindRowAsync(string id, CancellationToken cancellation)
    {
        try
        {
            var row = await _table.GetEntityIfExistsAsync<TableEntity>(BuildRow.Partition, BuildRow.IdKey(id), cancellationToken: cancellation);
            return row.HasValue ? row.Value : null;
        }
        catch (RequestFailedException e) when (e.ErrorCode == TableErrorCode.TableNotFound)
        {
            return null;
        }
    }

    private async Task WithTableAsync(Func<Task> write, CancellationToken cancellation)
    {
        try
        {
            await write();
        }
        catch (RequestFailedException e) when (e.ErrorCode == TableErrorCode.TableNotFound)
        {
            await _table.CreateIfNotExistsAsync(cancellation);
            await write();
        }
    }
}
