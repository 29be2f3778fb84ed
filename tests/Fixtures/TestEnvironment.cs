using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Ci.Tests.Fixtures;

/// <summary>What the real parts have in common: free ports, folders that go, processes that end with the tests.</summary>
public static class TestEnvironment
{
    private static readonly ConcurrentDictionary<int, byte> Given = new();

    /// <summary>How long a test waits for anything. A slow machine may take its time, so that it is minutes: only what hangs is
    /// given up, and no test passes or fails by how quick the machine is.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    public static string Root { get; } = FindRoot();

    /// <summary>In CI a part that cannot be had is a failure; elsewhere the tests that need it are skipped, loudly.</summary>
    public static bool MustNotSkip => Environment.GetEnvironmentVariable("CI") == "true";

    /// <summary>A port that nobody listens on and that nobody else here is given. It is below those that the kernel gives away:
    /// it is bound only when a program has started, and meanwhile the connections that other tests make would be given it.</summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(15_000, 32_000);
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
            }
            catch (SocketException)
            {
                continue;
            }

            if (Given.TryAdd(port, 0))
            {
                return port;
            }
        }
    }

    public static void SkipOrFail(string reason)
    {
        if (MustNotSkip)
        {
            Assert.Fail(reason);
        }

        Assert.Skip(reason);
    }

    /// <summary>The program's path, from PATH or from where Debian puts what only root runs.</summary>
    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Concat(["/usr/sbin", "/usr/local/sbin"])
            .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    /// <summary>Polls until a condition holds; the only place where tests wait.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, string what, Func<string>? onTimeout = null)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > Limit)
            {
                Assert.Fail($"Waited {watch.Elapsed.TotalSeconds:F0} s for {what}. {onTimeout?.Invoke()}");
            }

            // Each look at a host goes through three processes: what takes long is looked at less often.
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(25 + (watch.ElapsedMilliseconds / 8), 250)));
        }
    }

    public static async Task<bool> AnswersAsync(string url)
    {
        using var http = new HttpClient { Timeout = Limit };
        try
        {
            using var response = await http.GetAsync(url);
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Ci.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }
}
