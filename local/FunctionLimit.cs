namespace Ci.Local;

/// <summary>Keeps one call of a function within host.json's <c>functionTimeout</c>.</summary>
/// <param name="timeout">How long a call may take; null for as long as it likes.</param>
/// <param name="patience">How long a cancelled call may take to return before it is left behind; infinite to wait for it.</param>
internal sealed class FunctionLimit(TimeSpan? timeout, TimeSpan patience)
{
    /// <summary>Runs the call with a token that is cancelled from outside or by the timeout.</summary>
    /// <exception cref="TimeoutException">It took too long, whether or not it heeded its token.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled from outside and did not return in time.</exception>
    public async Task RunAsync(Func<CancellationToken, Task> call, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = limit.Token.Register(cancelled.SetResult);
        if (timeout is { } after)
        {
            limit.CancelAfter(after);
        }

        var run = call(limit.Token);
        await Task.WhenAny(run, cancelled.Task);
        if (limit.IsCancellationRequested)
        {
            // A call that heeds its token may have ended before we hear of the cancellation ourselves.
            await Task.WhenAny(run, Task.Delay(patience, CancellationToken.None));
            Observe(run);
            if (!cancellation.IsCancellationRequested)
            {
                throw new TimeoutException($"It took longer than host.json's functionTimeout, {timeout:c}.");
            }

            if (!run.IsCompleted)
            {
                throw new OperationCanceledException("It did not return after its cancellation.", cancellation);
            }
        }

        await run;
    }

    /// <summary>What a call that is left behind throws later is nobody's concern any more.</summary>
    private static void Observe(Task run) =>
        run.ContinueWith(task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
}
