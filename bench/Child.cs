using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ci.Bench;

/// <summary>A program that the benchmark started; it ends by its process id.</summary>
internal sealed class Child : IAsyncDisposable
{
    // Minutes, for a slow machine takes its time: only what hangs is given up.
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan StopLimit = TimeSpan.FromMinutes(2);

    private static readonly ConcurrentDictionary<int, Child> Running = new();

    private readonly StringBuilder _output = new();
    private readonly Process _process;
    private readonly string _program;

    private Child(string program, Process process)
    {
        _program = program;
        _process = process;
    }

    public int Id => _process.Id;

    public static Child Start(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? folder = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? "",
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var child = new Child(program, new Process { StartInfo = start });
        child._process.OutputDataReceived += (_, e) => child.Hear(e.Data);
        child._process.ErrorDataReceived += (_, e) => child.Hear(e.Data);
        child._process.Start();
        Running[child.Id] = child;
        child._process.BeginOutputReadLine();
        child._process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Runs a program to its end and returns what it printed.</summary>
    public static async Task<string> RunAsync(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? folder = null)
    {
        await using var child = Start(program, arguments, environment, folder);
        await child._process.WaitForExitAsync();
        return child._process.ExitCode == 0 ? child.Output : throw child.Failure($"ended with {child._process.ExitCode}");
    }

    /// <summary>Ends all that still run, when the benchmark itself is told to end.</summary>
    public static void KillAll()
    {
        foreach (var child in Running.Values)
        {
            try
            {
                child._process.Kill(entireProcessTree: true);
            }
            catch (InvalidOperationException)
            {
                // It ended at this very moment.
            }
        }
    }

    /// <summary>Where a program is, in the order of the path.</summary>
    public static IEnumerable<string> Find(string program) =>
        from folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        let path = Path.Combine(folder, program)
        where File.Exists(path)
        select path;

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Waits until it answers HTTP at an address, whatever it answers.</summary>
    public async Task AnswersAsync(Uri address)
    {
        using var http = new HttpClient();
        var begin = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var response = await http.GetAsync(address);
                return;
            }
            catch (HttpRequestException) when (!_process.HasExited && begin.Elapsed < StartLimit)
            {
                await Task.Delay(20);
            }
            catch (HttpRequestException)
            {
                if (_process.HasExited)
                {
                    // What it said last is read only a little after its end.
                    await _process.WaitForExitAsync();
                }

                throw Failure("does not answer");
            }
        }
    }

    /// <summary>Ends it and what it has started at once (SIGKILL).</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    /// <summary>Asks it to end (SIGTERM) and waits; what does not end in time is killed.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            using var kill = Process.Start("kill", ["-TERM", Id.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
            using var limit = new CancellationTokenSource(StopLimit);
            try
            {
                await _process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                await KillAsync();
            }
        }

        Running.TryRemove(Id, out _);
        _process.Dispose();
    }

    private string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    private InvalidOperationException Failure(string what) => new($"{_program} {what}:\n{Output}");

    private void Hear(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}
