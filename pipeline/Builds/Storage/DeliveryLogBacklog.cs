using System.Diagnostics;

namespace Ci.Pipeline.Builds.Storage;

/// <summary>
/// Entries of the delivery log that wait to be written: deliveries come in bursts, and storage does one thing at a time, so what GitHub waits
/// for goes first. They are written when no more come for a moment, or else, after a while, a few at a time.
/// </summary>
/// <param name="write">Writes an entry, or says that it could not; it never fails.</param>
internal sealed class DeliveryLogBacklog(Func<DeliveryLogEntry, Task> write)
{
    // As many as a transaction takes.
    private const int AtOnce = 30;

    // While deliveries keep coming: a few, then a rest several times as long, so that hardly a delivery meets them.
    private const int AtOnceWhenBusy = 8;
    private const int RestWhenBusy = 4;

    // More are not kept in memory for that.
    private const int MostWaiting = 5000;

    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private List<DeliveryLogEntry> _waiting = [];
    private long _lastAdded;
    private TaskCompletionSource _hurry = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _writing = Task.CompletedTask;

    /// <summary>Has an entry written, soon.</summary>
    public void Add(DeliveryLogEntry entry)
    {
        lock (_gate)
        {
            _waiting.Add(entry);
            _lastAdded = Stopwatch.GetTimestamp();
            if (_writing.IsCompleted)
            {
                _writing = Task.Run(WriteWaitingAsync);
            }
        }
    }

    /// <summary>Writes what waits at once; completes when it is written.</summary>
    public Task FlushAsync()
    {
        lock (_gate)
        {
            _hurry.TrySetResult();
            return _writing;
        }
    }

    /// <summary>Writes until nothing waits any more.</summary>
    private async Task WriteWaitingAsync()
    {
        while (true)
        {
            await UntilQuietAsync();
            await WriteAsync(Take());
            lock (_gate)
            {
                if (_waiting.Count == 0)
                {
                    _hurry = new(TaskCreationOptions.RunContinuationsAsynchronously);
                    _writing = Task.CompletedTask;
                    return;
                }
            }
        }
    }

    private List<DeliveryLogEntry> Take()
    {
        lock (_gate)
        {
            (var taken, _waiting) = (_waiting, []);
            return taken;
        }
    }

    /// <summary>Waits until no more entries come for a moment, but not forever, and not when somebody wants to read.</summary>
    private async Task UntilQuietAsync()
    {
        var start = Stopwatch.GetTimestamp();
        do
        {
            await Task.WhenAny(_hurry.Task, Task.Delay(Quiet));
        }
        while (IsBusy() && Stopwatch.GetElapsedTime(start) < Longest);
    }

    private bool IsBusy()
    {
        lock (_gate)
        {
            return Stopwatch.GetElapsedTime(_lastAdded) < Quiet && _waiting.Count < MostWaiting && !_hurry.Task.IsCompleted;
        }
    }

    private async Task WriteAsync(List<DeliveryLogEntry> entries)
    {
        for (var written = 0; written < entries.Count;)
        {
            var busy = IsBusy();
            var some = entries.Skip(written).Take(busy ? AtOnceWhenBusy : AtOnce).ToList();
            var start = Stopwatch.GetTimestamp();
            await Task.WhenAll(some.Select(write));
            written += some.Count;
            if (busy && written < entries.Count)
            {
                await Task.WhenAny(_hurry.Task, Task.Delay(RestWhenBusy * Stopwatch.GetElapsedTime(start)));
            }
        }
    }
}
