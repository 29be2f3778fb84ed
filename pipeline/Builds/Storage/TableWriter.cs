using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;

namespace Ci.Pipeline.Builds.Storage;

/// <summary>
/// Takes writes that come at the same time to a table together: while two transactions are under way, what else is to be
/// written is gathered and goes in the next. Each write is all or nothing, as if it went alone; when storage refuses what
/// several have in common, each of them does go alone. Makes the table when there is none yet.
/// </summary>
/// <param name="table">The table; all rows of a write are in one partition, and those of all writes in the same.</param>
internal sealed class TableWriter(TableClient table)
{
    // Azure Tables takes 100 rows and 4 MiB.
    private const int MostRows = 100;
    private const int MostCharacters = 1 << 20;
    private const int MostUnderWay = 2;

    private readonly Lock _gate = new();
    private List<Write> _waiting = [];
    private int _underWay;

    /// <summary>Writes rows, all or none.</summary>
    /// <exception cref="RequestFailedException">Storage refused them.</exception>
    public async Task WriteAsync(IReadOnlyList<TableTransactionAction> rows, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var write = new Write(rows, cancellationToken);
        lock (_gate)
        {
            _waiting.Add(write);
            if (_underWay < MostUnderWay)
            {
                _underWay++;
                _ = Task.Run(SendWaitingAsync, CancellationToken.None);
            }
        }

        await write.Done.Task.WaitAsync(cancellationToken);
    }

    private async Task SendWaitingAsync()
    {
        while (Gather() is { Count: > 0 } together)
        {
            await SendAsync(together);
        }
    }

    /// <summary>As many of the waiting writes as fit into a transaction; when there is none, this sender is done.</summary>
    private List<Write> Gather()
    {
        lock (_gate)
        {
            var (together, left) = (new List<Write>(), new List<Write>());
            var (rows, characters) = (0, 0);
            var keys = new HashSet<string>(StringComparer.Ordinal);
            foreach (var write in _waiting.Where(write => !write.Cancellation.IsCancellationRequested))
            {
                var fits = rows + write.Rows.Count <= MostRows && characters + write.Characters <= MostCharacters && !keys.Overlaps(write.Keys);
                // The first goes whatever its size: storage says what is wrong with it. Two changes of one row go one behind the other.
                if (together.Count > 0 && !fits)
                {
                    left.Add(write);
                    continue;
                }

                together.Add(write);
                rows += write.Rows.Count;
                characters += write.Characters;
                keys.UnionWith(write.Keys);
            }

            _waiting = left;
            _underWay -= together.Count == 0 ? 1 : 0;
            return together;
        }
    }

    private async Task SendAsync(List<Write> together)
    {
        try
        {
            await SubmitAsync(together.SelectMany(write => write.Rows), together.Count == 1 ? together[0].Cancellation : CancellationToken.None);
            together.ForEach(write => write.Done.TrySetResult());
        }
        catch (RequestFailedException e) when (together.Count > 1 && e.Status is >= 400 and < 500)
        {
            await Task.WhenAll(together.Select(write => SendAsync([write])));
        }
        catch (Exception e)
        {
            together.ForEach(write => write.Done.TrySetException(e));
        }
    }

    // Whoever gives up does not stop the others' writes: the client's own patience limits the time.
    private async Task SubmitAsync(IEnumerable<TableTransactionAction> rows, CancellationToken cancellationToken)
    {
        TableTransactionAction[] all = [.. rows];
        try
        {
            await table.SubmitTransactionAsync(all, cancellationToken);
        }
        catch (RequestFailedException e) when (e.ErrorCode == TableErrorCode.TableNotFound)
        {
            await table.CreateIfNotExistsAsync(cancellationToken);
            await table.SubmitTransactionAsync(all, cancellationToken);
        }
    }

    private sealed record Write(IReadOnlyList<TableTransactionAction> Rows, CancellationToken Cancellation)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IEnumerable<string> Keys => Rows.Select(row => row.Entity.RowKey);

        public int Characters { get; } = Rows.Sum(row => (row.Entity as TableEntity)?.Select(column => column.Value).OfType<string>().Sum(text => text.Length) ?? 0);
    }
}
