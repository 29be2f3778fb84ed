using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;

namespace Ci.Pipeline.Builds.Storage;

internal static class TableTransactions
{
    /// <summary>Writes rows of one partition, all or none; makes the table when there is none yet.</summary>
    public static async Task SubmitAsync(
        this TableClient table, IReadOnlyList<TableTransactionAction> rows, CancellationToken cancellationToken)
    {
        try
        {
            await table.SubmitTransactionAsync(rows, cancellationToken);
        }
        catch (RequestFailedException e) when (e.ErrorCode == TableErrorCode.TableNotFound)
        {
            await table.CreateIfNotExistsAsync(cancellationToken);
            await table.SubmitTransactionAsync(rows, cancellationToken);
        }
    }
}
