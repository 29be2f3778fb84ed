namespace Ci.Local;

/// <summary>Keeps one call of a function within host.json's <c>functionTimeout</c>.</summary>
/// <param name="timeout">How long a call may take; null for as long as it likes.</param>
/// <param name="patience">How long a call that took too long may go on after its cancellation.</param>
/// <param name="end">Ends a call for good that goes on after that.</param>
internal sealed class FunctionLimit(TimeSpan? timeout, TimeSpan patience, Func<Task> end)
{
    /// <summary>Runs the call with a token that is cancelled from outside or by the timeout, to its end.</summary>
    /// <exception cref="TimeoutException">It took too long, whether or not it heeded its token.</exception>
    public async Task RunAsync(Func<CancellationToken, Task> call, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var run = call(limit.Token);
        if (timeout is not { } after || await EndsWithinAsync(run, after))
        {
            await run;
            return;
        }

        await limit.CancelAsync();
        if (!await EndsWithinAsync(run, patience))
        {
            await end();
        }

        try
        {
            await run;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // However it ended, it took too long.
        }

        throw new TimeoutException($"It took longer than host.json's functionTimeout, {timeout:c}.");
    }

    private static async Task<bool> EndsWithinAsync(Task run, TimeSpan time)
    {
        using var ended = new CancellationTokenSource();
        var isInTime = await Task.WhenAny(run, Task.Delay(time, ended.Token)) == run;
        await ended.CancelAsync();
        return isInTime;
    }
}
