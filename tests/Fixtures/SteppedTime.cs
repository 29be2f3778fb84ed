namespace Ci.Tests.Fixtures;

/// <summary>A clock whose pauses end when a test says that their time has come.</summary>
public sealed class SteppedTime : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<Pause> _pauses = [];
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => _now;

    public override long GetTimestamp() => _now.UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var pause = new Pause(this, () => callback(state));
        pause.Change(dueTime, period);
        return pause;
    }

    /// <summary>Goes on in time; what was to happen meanwhile has happened when this returns.</summary>
    public void Advance(TimeSpan time)
    {
        _now += time;
        Pause[] due;
        lock (_gate)
        {
            due = [.. _pauses.Where(pause => pause.Due <= _now)];
            _pauses.RemoveAll(pause => pause.Due <= _now);
        }

        foreach (var pause in due)
        {
            pause.End();
        }
    }

    private sealed class Pause(SteppedTime time, Action end) : ITimer
    {
        public DateTimeOffset Due { get; private set; }

        public Action End => end;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._gate)
            {
                time._pauses.Remove(this);
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Due = time._now + dueTime;
                    time._pauses.Add(this);
                }
            }

            return true;
        }

        public void Dispose()
        {
            lock (time._gate)
            {
                time._pauses.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
