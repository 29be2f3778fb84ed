using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Ci.Local.Worker;

/// <summary>The process of a worker. What it prints is logged; while it starts, it is kept for whoever asks why it did not.</summary>
internal sealed partial class WorkerProcess(Process process, ILogger logger) : IDisposable
{
    private const int KeptLines = 100;
    private static readonly TimeSpan LastOutput = TimeSpan.FromSeconds(5);

    private readonly Queue<string> _errors = new();
    private bool _isStarting = true;

    public int Id => process.Id;

    /// <summary>Ends with the process, with its exit code.</summary>
    public Task<int> Exited { get; private set; } = Task.FromResult(0);

    /// <summary>The last lines that it wrote to standard error before it was up.</summary>
    public IReadOnlyList<string> StartErrors
    {
        get
        {
            lock (_errors)
            {
                return [.. _errors];
            }
        }
    }

    /// <summary>Runs it in the app's folder, whose host.json tells it the route prefix.</summary>
    public static WorkerProcess Start(
        WorkerConfig config, string app, Uri host, string workerId, IReadOnlyDictionary<string, string?> environment, ILogger logger)
    {
        var start =
            new ProcessStartInfo(config.Executable) { WorkingDirectory = app, RedirectStandardOutput = true, RedirectStandardError = true };
        string[] arguments =
        [
            "--functions-uri", host.ToString(),
            "--functions-worker-id", workerId,
            "--functions-request-id", Guid.NewGuid().ToString(),
            "--functions-grpc-max-message-length", int.MaxValue.ToString(CultureInfo.InvariantCulture),
        ];
        foreach (var argument in config.Assembly is null ? arguments : [config.Assembly, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        start.Environment["FUNCTIONS_APPLICATION_DIRECTORY"] = app;
        start.Environment["FUNCTIONS_WORKER_DIRECTORY"] = app;
        var process = new Process { StartInfo = start };
        var worker = new WorkerProcess(process, logger);
        process.OutputDataReceived += (_, line) => worker.OnOutput(line.Data, isError: false);
        process.ErrorDataReceived += (_, line) => worker.OnOutput(line.Data, isError: true);
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new HostException($"The worker could not be started: {config.Executable}: {e.Message}.");
        }

        worker.Exited = worker.WaitAsync();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return worker;
    }

    /// <summary>It is up: from here on its errors are only logged.</summary>
    public void MarkStarted()
    {
        lock (_errors)
        {
            _isStarting = false;
            _errors.Clear();
        }
    }

    /// <summary>Ends it and what it has started, at once.</summary>
    public void Kill()
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    public void Dispose() => process.Dispose();

    private async Task<int> WaitAsync()
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.Exited += (_, _) => ended.TrySetResult();
        process.EnableRaisingEvents = true;
        await ended.Task;
        // Its last words may still be on their way; but a process of its own that outlives it may hold the pipe open.
        using var limit = new CancellationTokenSource(LastOutput);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
        }

        return process.ExitCode;
    }

    private void OnOutput(string? line, bool isError)
    {
        if (line is null)
        {
            return;
        }

        lock (_errors)
        {
            if (isError && _isStarting)
            {
                _errors.Enqueue(line);
                if (_errors.Count > KeptLines)
                {
                    _errors.Dequeue();
                }

                return;
            }
        }

        Log.Printed(logger, isError ? LogLevel.Warning : LogLevel.Information, line);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1, Message = "{Line}")]
        public static partial void Printed(ILogger logger, LogLevel level, string line);
    }
}
