using Azure;

namespace Ci.Pipeline.Builds.Storage;

/// <summary>A worker's hold on a build, kept in the build's record. It is renewed while the build runs. A worker that could not renew
/// it in time, or whose build was stopped from outside, has lost it: it stops, and publishes nothing.</summary>
public sealed class BuildLease : IAsyncDisposable
{
    /// <summary>How long a hold lasts without being renewed: a build whose worker died is free again after this.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(15);

    // How soon a worker notices that its build was stopped; every fourth look renews.
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);
    private const int RenewEvery = 4;

    private readonly BuildStore _store;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _lost;
    private readonly Task _watching;
    private readonly Lock _gate = new();
    private volatile BuildStage[] _stages = [];
    private BuildStage[] _stagesWritten = [];
    private volatile IReadOnlyList<string> _planned = [];
    private long _held;

    private BuildLease(BuildStore store, TimeProvider time, string owner, Build record, CancellationToken cancellationToken)
    {
        _store = store;
        _time = time;
        Owner = owner;
        Record = record;
        _lost = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _held = time.GetTimestamp();
        _watching = WatchAsync();
    }

    public Build Record { get; }

    public string Owner { get; }

    /// <summary>Cancelled when the hold is lost, or the build is to stop.</summary>
    public CancellationToken Token => _lost.Token;

    public bool IsLost { get; private set; }

    /// <summary>Takes a build that is queued, or whose worker is gone; null when it has ended or another worker has it.</summary>
    public static async Task<BuildLease?> TakeAsync(
        BuildStore store, BuildRequest request, TimeProvider time, CancellationToken cancellationToken)
    {
        var owner = Leased.NewOwner();
        var taken = await store.UpdateAsync(
            request.BuildId,
            record => !record.IsFinal && !record.IsHeld(time.GetUtcNow())
                ? (record with
                {
                    State = BuildState.Running,
                    Summary = "Running.",
                    Attempts = record.Attempts + 1,
                    StartedAt = time.GetUtcNow(),
                    NotBefore = null,
                    SteppedBackAt = null,
                    Stages = [],
                    Planned = [],
                }).HeldBy(owner, time.GetUtcNow() + Length)
                : null,
            cancellationToken);
        return taken is null ? null : new BuildLease(store, time, owner, taken, cancellationToken);
    }

    public BuildStage? Stage => _stages is [.., var newest] ? newest : null;

    public Action<BuildStage> Began { private get; set; } = static _ => { };

    /// <summary>A stage begins. It is written with the next look at the record, so that it costs the build nothing.</summary>
    public void Begin(StageKind stage) => Begin(new BuildStage(stage, null, _time.GetUtcNow()));

    /// <summary>It is known which images there will be; written with the stage that follows.</summary>
    public void Plan(IReadOnlyList<string> images) => _planned = images;

    /// <summary>A stage begins that has others beside it; disposing ends it.</summary>
    public IDisposable BeginBeside(StageKind stage, string image)
    {
        var begun = new BuildStage(stage, image, _time.GetUtcNow()) { IsBeside = true };
        Begin(begun);
        return new StageEnd(this, begun);
    }

    /// <summary>Makes sure, before something is published, that the build is still this worker's.</summary>
    /// <exception cref="OperationCanceledException">It is not.</exception>
    public async Task ConfirmAsync(CancellationToken cancellationToken)
    {
        if (!await RenewAsync(cancellationToken))
        {
            await LoseAsync();
        }

        Token.ThrowIfCancellationRequested();
    }

    /// <summary>Ends the hold with a change of the record; of a build ended from outside it only lets go, and returns false.</summary>
    public async Task<bool> EndAsync(Func<Build, Build> change, CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _watching;
        var changed = false;
        await _store.UpdateAsync(
            Record.Id,
            r =>
            {
                changed = IsMine(r);
                return r.Owner != Owner
                    ? null
                    : ((changed ? change(r with { Stages = _stages }) : r) with { Planned = _planned }).Released();
            },
            cancellationToken);
        return changed;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _lost.Dispose();
        _stop.Dispose();
    }

    private void Begin(BuildStage stage)
    {
        lock (_gate)
        {
            _stages = [.. _stages, stage];
        }

        Began(stage);
    }

    private bool IsMine(Build record) => record.State == BuildState.Running && record.Owner == Owner;

    private async Task WatchAsync()
    {
        for (var look = 1; await WaitAsync(); look++)
        {
            try
            {
                var mine = look % RenewEvery == 0 || _stages != _stagesWritten
                    ? await RenewAsync(_stop.Token)
                    : await _store.FindAsync(Record.Id, _stop.Token) is { } record && IsMine(record);
                if (!mine)
                {
                    await LoseAsync();
                    return;
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is RequestFailedException or AggregateException or OperationCanceledException)
            {
                // Storage may be back before the hold runs out; past that, another worker may begin.
                if (_time.GetElapsedTime(Volatile.Read(ref _held)) > Length - (RenewEvery * LookInterval))
                {
                    await LoseAsync();
                    return;
                }
            }
        }
    }

    private async Task<bool> RenewAsync(CancellationToken cancellationToken)
    {
        var now = _time.GetTimestamp();
        var stages = _stages;
        var renewed = await _store.UpdateAsync(
            Record.Id,
            r => IsMine(r) ? (r with { Stages = stages, Planned = _planned }).HeldBy(Owner, _time.GetUtcNow() + Length) : null,
            cancellationToken);
        if (renewed is not null)
        {
            _stagesWritten = stages;
            Volatile.Write(ref _held, now);
        }

        return renewed is not null;
    }

    private async Task LoseAsync()
    {
        IsLost = true;
        await _lost.CancelAsync();
    }

    private async Task<bool> WaitAsync()
    {
        try
        {
            await Task.Delay(LookInterval, _time, _stop.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private sealed class StageEnd(BuildLease lease, BuildStage begun) : IDisposable
    {
        public void Dispose()
        {
            lock (lease._gate)
            {
                lease._stages = [.. lease._stages.Select(
                    stage => ReferenceEquals(stage, begun) ? begun with { EndedAt = lease._time.GetUtcNow() } : stage)];
            }
        }
    }
}
