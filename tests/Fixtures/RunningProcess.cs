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

    private RunningProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

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

    public static RunningProcess Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        // On Linux the kernel ends the child when the test run dies, however it dies.
        var setpriv = Parts.Find("setpriv");
        var start = setpriv is null
            ? new ProcessStartInfo(program, arguments)
            : new ProcessStartInfo(setpriv, ["--pdeathsig", "TERM", program, .. arguments]);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        var running = new RunningProcess(new Process { StartInfo = start });
        running._process.OutputDataReceived += (_, e) => running.Add(e.Data);
        running._process.ErrorDataReceived += (_, e) => running.Add(e.Data);
        Starter.Run(() => running._process.Start());
        running._process.BeginOutputReadLine();
        running._process.BeginErrorReadLine();
        return running;
    }

    /// <summary>Runs a program to its end and returns what it printed.</summary>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        await using var running = Start(program, arguments);
        await running._process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return running.ExitCode == 0
            ? running.Output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {running.ExitCode}:\n{running.Output}");
    }

    /// <summary>Asks it to end (SIGTERM) and waits; returns its exit code.</summary>
    public async Task<int> StopAsync()
    {
        if (!_process.HasExited)
        {
            using var kill = Process.Start("kill", ["-TERM", Id.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(40));
            await _process.WaitForExitAsync(limit.Token);
        }

        return _process.ExitCode;
    }

    /// <summary>Ends it at once (SIGKILL).</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await StopAsync();
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    /// <summary>
    /// One thread that starts all programs and never ends: to the kernel, the parent whose death ends the child is the
    /// thread that started it, and threads of the pool come and go.
    /// </summary>
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
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}
