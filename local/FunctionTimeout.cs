using Ci.Local.Worker;

namespace Ci.Local;

/// <summary>Keeps one call of a function within host.json's <c>functionTimeout</c>.</summary>
internal sealed class FunctionTimeout(
    string function, FunctionsWorker worker, WorkerChannel channel, HostJson host, LocalHostOptions options)
{
    /// <summary>Runs the call with a token that is cancelled from outside or by the timeout, to its end.</summary>
    /// <exception cref="TimeoutException">It took too long, whether or not it heeded its token.</exception>
    public async Task RunAsync(Func<CancellationToken, Task> call, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var run = call(limit.Token);
        if (host.FunctionTimeout is not { } timeout || await EndsWithinAsync(run, timeout))
        {
            await run;
            return;
        }

        await limit.CancelAsync();
        if (!await EndsWithinAsync(run, options.WorkerTimes.TimeoutGrace))
        {
            await worker.RestartAsync(channel, $"{function} did not end after its functionTimeout.");
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
