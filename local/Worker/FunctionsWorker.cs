using System.Net.Sockets;
using Ci.Local.Worker.Protocol;
using Microsoft.Extensions.Logging;

namespace Ci.Local.Worker;

/// <summary>Keeps a worker of the app running: starts it, has it load its functions, and starts another when it dies. What the
/// dead one was doing fails.</summary>
internal sealed partial class FunctionsWorker(
    WorkerServer server, string app, IReadOnlyDictionary<string, string?> environment, WorkerTimes times, ILoggerFactory loggers)
    : IAsyncDisposable
{
    private const int Tries = 3;

    private readonly WorkerConfig _config = WorkerConfig.Read(app);
    private readonly WorkerLogs _logs = new(loggers);
    private readonly ILogger _host = loggers.CreateLogger("Host");
    private readonly ILogger _output = loggers.CreateLogger("Worker");
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IReadOnlyList<RpcFunctionMetadata> _functions = [];
    private Task _watching = Task.CompletedTask;
    private volatile bool _isEnding;
    private TaskCompletionSource<Running> _running = NewRunning();

    /// <summary>Fails when no worker can be kept running any more.</summary>
    public Task Failed => _failed.Task;

    /// <summary>The process that runs now, or ran last.</summary>
    public int ProcessId { get; private set; }

    /// <exception cref="HostException">It does not start; the message says why.</exception>
    public static async Task<(FunctionsWorker Worker, IReadOnlyList<RpcFunctionMetadata> Functions)> StartAsync(
        string app,
        IReadOnlyDictionary<string, string?> environment,
        WorkerTimes times,
        ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        var worker = new FunctionsWorker(await WorkerServer.StartAsync(loggers, cancellationToken), app, environment, times, loggers);
        try
        {
            IReadOnlyList<RpcFunctionMetadata> functions = [];
            var running = await worker.StartAsync(
                async (channel, limit) => functions = await channel.DescribeAsync(app, limit), cancellationToken);
            worker._running.SetResult(running);
            return (worker, functions);
        }
        catch
        {
            await worker.DisposeAsync();
            throw;
        }
    }

    /// <summary>Has the worker, and each that comes after it, load these functions.</summary>
    /// <exception cref="HostException">A function cannot be loaded.</exception>
    public async Task LoadAsync(IReadOnlyList<RpcFunctionMetadata> functions, CancellationToken cancellationToken)
    {
        var running = await _running.Task;
        try
        {
            await running.Channel.LoadAsync(functions, cancellationToken);
        }
        catch (WorkerGoneException e)
        {
            throw new HostException(e.Message);
        }

        _functions = functions;
        running.Process.MarkStarted();
        _watching = WatchAsync(running);
    }

    /// <summary>The worker to call. While another one is being started, that is waited for.</summary>
    public async Task<WorkerChannel> ReadyAsync(CancellationToken cancellationToken) =>
        (await Volatile.Read(ref _running).Task.WaitAsync(cancellationToken)).Channel;

    /// <summary>The host is ending: a worker that ends now, told by the same Ctrl-C, has no successor.</summary>
    public void StopReplacing() => _isEnding = true;

    /// <summary>Ends the worker of a channel with all that it is doing, so that another is started.</summary>
    public async Task RestartAsync(WorkerChannel channel, string reason)
    {
        var current = Volatile.Read(ref _running);
        if (current.Task is { IsCompletedSuccessfully: true } running && (await running).Channel == channel)
        {
            Log.Restarts(_host, reason);
            // What comes now waits for the next one.
            Interlocked.CompareExchange(ref _running, NewRunning(), current);
            channel.Fail(new WorkerGoneException(reason));
            (await running).Process.Kill();
        }
    }

    /// <summary>Tells the worker to end, and ends it if it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        await _stopping.CancelAsync();
        if (Volatile.Read(ref _running).Task is { IsCompletedSuccessfully: true } task)
        {
            var running = await task;
            running.Channel.Terminate();
            await Task.WhenAny(running.Process.Exited, Task.Delay(times.StopGrace, CancellationToken.None));
            running.Process.Kill();
            await running.Process.Exited;
        }

        await _watching;
        await server.DisposeAsync();
    }

    private async Task WatchAsync(Running running)
    {
        while (true)
        {
            await Task.WhenAny(running.Process.Exited, running.Channel.Closed);
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            if (Volatile.Read(ref _running) is { Task.IsCompleted: true } ended)
            {
                Interlocked.CompareExchange(ref _running, NewRunning(), ended);
            }

            // One that lives on without its connection is of no use.
            running.Process.Kill();
            var code = await running.Process.Exited;
            running.Channel.Fail(new WorkerGoneException($"The worker process ended with exit code {code}."));
            running.Process.Dispose();
            if (_isEnding || _stopping.IsCancellationRequested)
            {
                Volatile.Read(ref _running).TrySetException(new WorkerGoneException("The host is ending."));
                return;
            }

            Log.Died(_host, code);
            try
            {
                running = await StartAsync((channel, limit) => channel.LoadAsync(_functions, limit), _stopping.Token);
                running.Process.MarkStarted();
                Volatile.Read(ref _running).SetResult(running);
                Log.Started(_host, running.Process.Id);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (HostException e)
            {
                Volatile.Read(ref _running).TrySetException(new WorkerGoneException(e.Message));
                _failed.TrySetException(e);
                return;
            }
        }
    }

    /// <summary>Starts a worker; one that dies at that is tried again, unless it has said what a person has to mend.</summary>
    private async Task<Running> StartAsync(Func<WorkerChannel, CancellationToken, Task> prepare, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            var channel = new WorkerChannel(Guid.NewGuid().ToString(), _logs);
            server.Expect(channel);
            var process = WorkerProcess.Start(_config, app, server.Address, channel.WorkerId, environment, _output);
            ProcessId = process.Id;
            try
            {
                await PrepareAsync(channel, process, prepare, cancellationToken);
                return new Running(process, channel);
            }
            catch (WorkerGoneException e)
            {
                process.Kill();
                var code = await process.Exited;
                var said = process.StartErrors;
                process.Dispose();
                // A program that says what is wrong ends with 1; one that crashes, with another code, may do better next time.
                if (tries == Tries || (code == 1 && said.Count > 0))
                {
                    throw new HostException(said.Count > 0 ? string.Join('\n', said) : $"The worker did not start: {e.Message}");
                }

                Log.StartsAgain(_host, e.Message);
                await Task.Delay(times.RestartPause, cancellationToken);
            }
            catch
            {
                process.Kill();
                await process.Exited;
                process.Dispose();
                throw;
            }
            finally
            {
                server.Forget(channel);
            }
        }
    }

    private async Task PrepareAsync(
        WorkerChannel channel, WorkerProcess process, Func<WorkerChannel, CancellationToken, Task> prepare,
        CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(times.Start);
        var preparing = PrepareAsync(app, channel, prepare, limit.Token);
        try
        {
            if (await Task.WhenAny(preparing, process.Exited) == process.Exited)
            {
                var gone = new WorkerGoneException($"The worker process ended with exit code {await process.Exited}.");
                channel.Fail(gone);
                await limit.CancelAsync();
                await Task.WhenAny(preparing);
                throw gone;
            }

            await preparing;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new WorkerGoneException($"The worker was not ready within {times.Start.TotalSeconds:0} s.");
        }
    }

    private static async Task PrepareAsync(
        string app, WorkerChannel channel, Func<WorkerChannel, CancellationToken, Task> prepare, CancellationToken cancellationToken)
    {
        await channel.Connected.WaitAsync(cancellationToken);
        await channel.InitializeAsync(app, cancellationToken);
        await prepare(channel, cancellationToken);
        if (channel.HttpUri is { } uri)
        {
            await ListensAsync(uri, cancellationToken);
        }
    }

    /// <summary>Workers connect before their web server listens.</summary>
    private static async Task ListensAsync(Uri uri, CancellationToken cancellationToken)
    {
        while (true)
        {
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync(uri.Host, uri.Port, cancellationToken);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(20, cancellationToken);
            }
        }
    }

    private static TaskCompletionSource<Running> NewRunning() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed record Running(WorkerProcess Process, WorkerChannel Channel);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "The worker process ended with exit code {Code}; another one is started")]
        public static partial void Died(ILogger logger, int code);

        [LoggerMessage(2, LogLevel.Information, "Worker process {Id} has taken over")]
        public static partial void Started(ILogger logger, int id);

        [LoggerMessage(3, LogLevel.Warning, "{Reason} It is tried again")]
        public static partial void StartsAgain(ILogger logger, string reason);

        [LoggerMessage(4, LogLevel.Error, "The worker is restarted: {Reason}")]
        public static partial void Restarts(ILogger logger, string reason);
    }
}
