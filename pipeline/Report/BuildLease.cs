using Azure;
using Ci.Pipeline.Queue;

namespace Ci.Pipeline.Report;

/// <summary>
/// A worker's hold on a build, kept in the build's record. It is renewed while the build runs; a worker that could not
/// renew it in time has lost it, stops, and publishes nothing, for another may have begun.
/// </summary>
public sealed class BuildLease : IAsyncDisposable
{
    /// <summary>How long a hold lasts without being renewed: a build whose worker died is free again after this.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan RenewInterval = TimeSpan.FromSeconds(8);

    private readonly BuildRecords _records;
    private readonly TimeProvider _time;
    private readonly string _owner;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _lost;
    private readonly Task _renewing;

    private BuildLease(BuildRecords records, TimeProvider time, string owner, BuildRecord record, CancellationToken cancellation)
    {
        _records = records;
        _time = time;
        _owner = owner;
        Record = record;
        _lost = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _renewing = RenewAsync();
    }

    /// <summary>The record as it was when the hold began.</summary>
    public BuildRecord Record { get; }

    /// <summary>Cancelled when the hold is lost, or the build is to stop.</summary>
    public CancellationToken Token => _lost.Token;

    /// <summary>Takes a build that is queued, or whose worker is gone; null when it has ended or another worker has it.</summary>
    public static async Task<BuildLease?> TakeAsync(
        BuildRecords records, BuildRequest request, TimeProvider time, CancellationToken cancellation)
    {
        var owner = $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid():n}";
        // The message is complete: if its record is missing, somebody emptied the table, and the build begins anew.
        await AddIfMissingAsync(records, request, cancellation);
        var taken = await records.UpdateAsync(
            request.BuildId,
            record => record.State == BuildState.Queued || (record.State == BuildState.Running && record.OwnedUntil < time.GetUtcNow())
                ? record with
                {
                    State = BuildState.Running,
                    Summary = "Running.",
                    Attempts = record.Attempts + 1,
                    StartedAt = time.GetUtcNow(),
                    Owner = owner,
                    OwnedUntil = time.GetUtcNow() + Length,
                }
                : null,
            cancellation);
        return taken is null ? null : new BuildLease(records, time, owner, taken, cancellation);
    }

    /// <summary>Ends the hold with a change of the record; false when the hold was lost, and then nothing is changed.</summary>
    public async Task<bool> EndAsync(Func<BuildRecord, BuildRecord> change, CancellationToken cancellation)
    {
        await _stop.CancelAsync();
        await _renewing;
        return await _records.UpdateAsync(
            Record.Id, r => IsMine(r) ? change(r) with { Owner = null, OwnedUntil = null } : null, cancellation) is not null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _renewing;
        _lost.Dispose();
        _stop.Dispose();
    }

    private static async Task AddIfMissingAsync(BuildRecords records, BuildRequest request, CancellationToken cancellation)
    {
        if (await records.FindAsync(request.BuildId, cancellation) is null)
        {
            await records.TryAddAsync(BuildRecord.Queued(request), cancellation);
        }
    }

    private bool IsMine(BuildRecord record) => record.State == BuildState.Running && record.Owner == _owner;

    private async Task RenewAsync()
    {
        var held = _time.GetTimestamp();
        while (await WaitAsync())
        {
            try
            {
                var renewed = await _records.UpdateAsync(
                    Record.Id, r => IsMine(r) ? r with { OwnedUntil = _time.GetUtcNow() + Length } : null, _stop.Token);
                if (renewed is null)
                {
                    await _lost.CancelAsync();
                    return;
                }

                held = _time.GetTimestamp();
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is RequestFailedException or AggregateException or OperationCanceledException)
            {
                // Storage may be back before the hold runs out; past that, another worker may begin.
                if (_time.GetElapsedTime(held) > Length - RenewInterval)
                {
                    await _lost.CancelAsync();
                    return;
                }
            }
        }
    }

    private async Task<bool> WaitAsync()
    {
        try
        {
            await Task.Delay(RenewInterval, _time, _stop.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
