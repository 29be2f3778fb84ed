using System.Collections.Concurrent;
using Microsoft.Azure.Functions.Worker;

namespace Ci.Tests.Local;

/// <summary>What a test has its queue functions do, and what they were given.</summary>
public sealed class Work
{
    private int _running;
    private int _most;

    /// <summary>What to do with a message; nothing by default.</summary>
    public Func<string, CancellationToken, Task> Do { get; set; } = (_, _) => Task.CompletedTask;

    public ConcurrentQueue<string> Seen { get; } = new();

    /// <summary>How many ran at once, at most.</summary>
    public int Most => _most;

    public async Task RunAsync(string message, CancellationToken cancellation)
    {
        Seen.Enqueue(message);
        var running = Interlocked.Increment(ref _running);
        for (var most = _most; running > most; most = _most)
        {
            Interlocked.CompareExchange(ref _most, running, most);
        }

        try
        {
            await Do(message, cancellation);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }
}

public static class QueueSamples
{
    public sealed class Jobs(Work work)
    {
        [Function("Jobs")]
        public Task RunAsync([QueueTrigger("jobs")] string message, CancellationToken cancellation) => work.RunAsync(message, cancellation);
    }

    public sealed class PoisonedJobs(Work work)
    {
        [Function("PoisonedJobs")]
        public Task RunAsync([QueueTrigger("jobs-poison")] string message, CancellationToken cancellation) => work.RunAsync("poison: " + message, cancellation);
    }

    public sealed class ByName(Work work)
    {
        [Function("ByName")]
        public Task RunAsync([QueueTrigger("%Queues__Jobs%-%Suffix%", Connection = "Elsewhere")] string message) => work.RunAsync(message, CancellationToken.None);
    }
}
