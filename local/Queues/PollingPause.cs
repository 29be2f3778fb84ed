namespace Ci.Local.Queues;

/// <summary>The pause between two looks into an empty queue, the Functions host's randomized exponential back-off: 100 ms, and on
/// top of them about (80 % to 120 %) 100, 200, 400 ms and so on, up to the ceiling. A message begins it anew.</summary>
internal sealed class PollingPause(TimeSpan ceiling)
{
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(100);
    private TimeSpan _current;
    private int _empty;

    public TimeSpan Next()
    {
        if (_current == ceiling)
        {
            return _current;
        }

        var more = _empty == 0 ? TimeSpan.Zero : Least * Math.Pow(2, _empty - 1) * (0.8 + (Random.Shared.NextDouble() * 0.4));
        _current = Least + more < ceiling ? Least + more : ceiling;
        _empty++;
        return _current;
    }

    public void Reset()
    {
        _current = TimeSpan.Zero;
        _empty = 0;
    }
}
