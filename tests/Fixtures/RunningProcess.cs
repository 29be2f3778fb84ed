using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Text;

namespace Ci.Tests.Fixtures;

/// <summary>A program that a test started: its output is kept, and it ends by its process id.</summary>
public sealed class RunningProcess : IAsyncDisposable
{
    private readonly StringBuilder _output = new();
    private readonly Process _process;

    /// <summary>Done when the program has ended and all that it printed has been read: the kernel tells of the end before the
    /// last lines are here.</summary>
    private readonly Task _end;

    private bool _isDisposed;

    private RunningProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, e) => Add(e.Data);
        process.ErrorDataReceived += (_, e) => Add(e.Data);
        Starter.Run(() => process.Start());
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _end = process.WaitForExitAsync();
    }

    public int Id => _process.Id;

    /// <summary>Whether it has ended, and all that it printed is in <see cref="Output"/>.</summary>
    public bool HasExited => _end.IsCompleted;

    public int ExitCode => _process.ExitCode;

    /// <summary>What it has printed so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public static RunningProcess Start(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        // On Linux the kernel ends the child when the test run dies, however it dies.
        var setpriv = TestEnvironment.Find("setpriv");
        var start = setpriv is null
            ? new ProcessStartInfo(program, arguments)
            : new ProcessStartInfo(setpriv, ["--pdeathsig", "TERM", program, .. arguments]);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        return new RunningProcess(new Process { StartInfo = start });
    }

    /// <summary>Sends a signal to a process, whoever started it.</summary>
    public static async Task SignalAsync(int process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Whether a process runs; one that has ended but is not yet fetched by its parent does not.</summary>
    public static bool IsThere(int process)
    {
        try
        {
            var status = File.ReadAllText($"/proc/{process}/stat");
            return status[status.LastIndexOf(')')..].Split(' ')[1] is not ("Z" or "X");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>The processes that a process has started and that still run.</summary>
    public static IReadOnlyList<int> ChildrenOf(int process) =>
        [.. Directory.GetDirectories($"/proc/{process}/task")
            .SelectMany(thread => File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(id => int.Parse(id, CultureInfo.InvariantCulture))];

    /// <summary>Runs a program to its end and returns what it printed.</summary>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        await using var running = Start(program, arguments);
        return await running.WaitForExitAsync() == 0
            ? running.Output
            : throw new InvalidOperationException(
                $"{program} {string.Join(' ', arguments)} ended with {running.ExitCode}:\n{running.Output}");
    }

    /// <summary>Waits until it has ended of itself, and all that it printed is in <see cref="Output"/>; returns its exit code.</summary>
    public async Task<int> WaitForExitAsync()
    {
        try
        {
            await _end.WaitAsync(TestEnvironment.Limit, TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"{_process.StartInfo.FileName} {string.Join(' ', _process.StartInfo.ArgumentList)} did not end, or "
                + $"something that it started holds its output open. It printed:\n{Output}");
        }

        return ExitCode;
    }

    /// <summary>Waits until it is ready for others; fails at once when it ends instead.</summary>
    public async Task ReadyAsync(Func<Task<bool>> isReady, string what)
    {
        await TestEnvironment.UntilAsync(async () => HasExited || await isReady(), what, () => Output);
        if (HasExited)
        {
            Assert.Fail($"{what} ended with {ExitCode} instead of being there:\n{Output}");
        }
    }

    /// <summary>Asks it to end (SIGTERM) and waits, for its output too; returns its exit code.</summary>
    public async Task<int> StopAsync()
    {
        if (!_process.HasExited)
        {
            using var kill = Process.Start("kill", ["-TERM", Id.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
        }

        await _end.WaitAsync(TestEnvironment.Limit);
        return ExitCode;
    }

    /// <summary>Ends it and, unless told otherwise, whatever it has started at once (SIGKILL).</summary>
    public async Task KillAsync(bool withChildren = true)
    {
        _process.Kill(withChildren);
        await _end.WaitAsync(TestEnvironment.Limit);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
        {
            return;
        }

        try
        {
            await StopAsync();
        }
        catch (TimeoutException)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    /// <summary>One thread that starts all programs and never ends: to the kernel, the parent whose death ends the child is the
    /// thread that started it, and threads of the pool come and go.</summary>
    private static class Starter
    {
        private static readonly BlockingCollection<Action> Work = [];

        static Starter() => new Thread(() =>
        {
            foreach (var work in Work.GetConsumingEnumerable())
            {
                work();
            }
        })
        { IsBackground = true }.Start();

        public static void Run(Action start)
        {
            using var done = new ManualResetEventSlim();
            Exception? failure = null;
            Work.Add(() =>
            {
                try
                {
                    start();
                }
                catch (Exception e)
                {
                    failure = e;
                }

                done.Set();
            });
            done.Wait();
            if (failure is not null)
            {
                ExceptionDispatchInfo.Throw(failure);
            }
        }
    }

    private void Add(string? line)
    {
        // The end of one of its two outputs is no line.
        if (line is null)
        {
            return;
        }

        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}
