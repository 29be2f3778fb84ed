namespace Ci.Local.Queues;

/// <summary>
/// The pause between two looks into an empty queue: it begins at 100 ms and grows by a random step up to the ceiling,
/// as the Functions host's randomized exponential back-off does.
/// </summary>
internal sealed class PollingPause(TimeSpan ceiling)
{
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(100);
    private TimeSpan _current = Least;
    private int _empty;

    /// <summary>The pause after one more empty look.</summary>
    public TimeSpan Longer()
    {
        if (_empty++ > 0)
        {
            // Each step adds between 80 % and 120 % of a unit that doubles.
            var unit = Least * Math.Pow(2, Math.Min(_empty - 2, 20));
            var next = _current + (unit * (0.8 + (Random.Shared.NextDouble() * 0.4)));
            _current = next < ceiling ? next : ceiling;
        }

        return _current;
    }

    /// <summary>A message was found: begin anew.</summary>
    public void Reset()
    {
        _current = Least;
        _empty = 0;
    }
}
