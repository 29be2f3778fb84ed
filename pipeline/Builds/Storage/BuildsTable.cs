using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Builds.Storage;

/// <summary>Table <c>builds</c>, in which all that must change together is in one partition. It is made when it is first written;
/// until then every read finds nothing.</summary>
public sealed class BuildsTable
{
    private readonly TableClient _table;

    public BuildsTable(IOptions<StorageOptions> options)
        : this(options.Value.ConnectionString, new TableClientOptions().WithPatienceOf(options.Value))
    {
    }

    internal BuildsTable(string connectionString, TableClientOptions options)
        => _table = new TableClient(connectionString, BuildStore.TableName, options);

    public async Task<TableEntity?> FindAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            var row = await _table.GetEntityIfExistsAsync<TableEntity>(BuildRow.Partition, key, cancellationToken: cancellationToken);
            return row.HasValue ? row.Value : null;
        }
        catch (RequestFailedException e) when (e.ErrorCode == TableErrorCode.TableNotFound)
        {
            return null;
        }
    }

    /// <summary>A build's row, or null. One that is begun anew at this very moment may be missed: to add it then fails.</summary>
    public async Task<TableEntity?> FindBuildAsync(string id, CancellationToken cancellationToken) =>
        // In this order: one that is done with meanwhile is not missed.
        await FindAsync(BuildRow.ActivePrefix + id, cancellationToken) ?? await FindAsync(BuildRow.DonePrefix + id, cancellationToken);

    public async Task<IReadOnlyList<TableEntity>> QueryAsync(string filter, int count, CancellationToken cancellationToken)
    {
        var found = new List<TableEntity>();
        try
        {
            await foreach (var row in _table.QueryAsync<TableEntity>(filter, Math.Min(count, 1000), cancellationToken: cancellationToken))
            {
                found.Add(row);
                if (found.Count == count)
                {
                    break;
                }
            }
        }
        catch (RequestFailedException e) when (e.ErrorCode == TableErrorCode.TableNotFound)
        {
            // Nothing was ever written.
        }

        return found;
    }

    /// <summary>Adds a row, or, if there was one when <paramref name="etag"/> was read, replaces that one.</summary>
    public static TableTransactionAction Put(TableEntity row, ETag? etag) => etag is { } known
        ? new TableTransactionAction(TableTransactionActionType.UpdateReplace, row, known)
        : new TableTransactionAction(TableTransactionActionType.Add, row);

    /// <summary>Writes all of it or nothing; false when somebody else changed or added one of the rows meanwhile.</summary>
    public async Task<bool> TryWriteAsync(IEnumerable<TableTransactionAction> actions, CancellationToken cancellationToken)
    {
        TableTransactionAction[] rows = [.. actions];
        try
        {
            await _table.SubmitAsync(rows, cancellationToken);
            return true;
        }
        catch (RequestFailedException e) when (e.ErrorCode == TableErrorCode.ResourceNotFound && rows.Any(IsToGo))
        {
            // What was to go is gone already, by a person's hand perhaps.
            return await TryWriteAsync(rows.Where(row => !IsToGo(row)), cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412 || (e.Status == 404 && rows.Any(IsToBeThere)))
        {
            return false;
        }
    }

    // To add a row fails with 404 only when storage does not know the account: to try again would not help.
    private static bool IsToBeThere(TableTransactionAction action) =>
        action.ActionType is TableTransactionActionType.UpdateMerge
            or TableTransactionActionType.UpdateReplace
            or TableTransactionActionType.Delete;

    private static bool IsToGo(TableTransactionAction action) =>
        action.ActionType == TableTransactionActionType.Delete && action.ETag == ETag.All;
}
