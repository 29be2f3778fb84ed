namespace Ci.Pipeline.Reporting;

/// <summary>Tells, every few seconds and only when there is something new to tell, what a worker does. It asks for the words
/// instead of being told them, so that the build never waits for it; once it is disposed of, nothing of it is under way.</summary>
public sealed class ProgressReporter : IAsyncDisposable
{
    public static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(5);

    // GitHub keeps 1,000 statuses of a commit and context; what it tells of a try is a small part of that.
    private const int MostWords = 100;

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _telling;
    private readonly TimeProvider _time;

    /// <summary>Begins to tell.</summary>
    /// <param name="words">What there is to tell now; null for nothing, ever.</param>
    /// <param name="tell">Tells it within a few seconds; false when there is no use in telling more.</param>
    /// <param name="time">The clock.</param>
    public ProgressReporter(Func<string?> words, Func<string, Task<bool>> tell, TimeProvider time)
    {
        _time = time;
        _telling = TellAsync(words, tell);
    }

    /// <summary>How long to pause after something went on for so long: a tenth of it, so that a long wait is told of less often,
    /// and never less than <see cref="ShortestPause"/>.</summary>
    public static TimeSpan PauseAfter(TimeSpan time) => time / 10 > ShortestPause ? time / 10 : ShortestPause;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _telling;
    }

    private async Task TellAsync(Func<string?> words, Func<string, Task<bool>> tell)
    {
        var begin = _time.GetTimestamp();
        string? told = null;
        for (var count = 0; count < MostWords && words() is { } now;)
        {
            if (now != told)
            {
                count++;
                told = now;
                if (!await tell(now))
                {
                    return;
                }
            }

            if (!await PauseAsync(PauseAfter(_time.GetElapsedTime(begin))))
            {
                return;
            }
        }
    }

    private async Task<bool> PauseAsync(TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, _time, _stop.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
