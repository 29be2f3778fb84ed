using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Ci.Tests.Fixtures;

/// <summary>What the real parts have in common: free ports, folders that go, processes that end with the tests.</summary>
public static class Parts
{
    public static string Root { get; } = FindRoot();

    /// <summary>In CI a part that cannot be had is a failure; elsewhere the tests that need it are skipped, loudly.</summary>
    public static bool MustNotSkip => Environment.GetEnvironmentVariable("CI") == "true";

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
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
    public static async Task UntilAsync(Func<Task<bool>> condition, string what, TimeSpan? limit = null, Func<string>? onTimeout = null)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > (limit ?? TimeSpan.FromSeconds(60)))
            {
                Assert.Fail($"Waited {watch.Elapsed.TotalSeconds:F0} s for {what}. {onTimeout?.Invoke()}");
            }

            await Task.Delay(25);
        }
    }

    public static async Task<bool> AnswersAsync(string url)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(1) };
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
