using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;

namespace Ci.Pipeline.Worker;

/// <summary>The builds that this process works on. When the process is told to end they are cancelled, and their hand-over to
/// another is waited for: where host and worker are told to end together, nobody cancels the functions themselves.</summary>
public sealed class RunningBuilds(IHostApplicationLifetime lifetime) : IHostedService
{
    // The Functions host kills a worker after 5 s.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4.5);

    private readonly ConcurrentDictionary<Task, byte> _running = new();

    /// <summary>Runs a build with a token that is cancelled from outside, or when this process is to end.</summary>
    public async Task RunAsync(Func<CancellationToken, Task> build, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _running[ended.Task] = 0;
        try
        {
            await build(stop.Token);
        }
        finally
        {
            _running.TryRemove(ended.Task, out _);
            ended.SetResult();
        }
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) =>
        Task.WhenAny(Task.WhenAll(_running.Keys), Task.Delay(Patience, cancellationToken));
}
