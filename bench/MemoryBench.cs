using System.Globalization;
using System.Text.Json.Nodes;

namespace Ci.Bench;

/// <summary>How much memory our host takes more than idle while it builds a repository of a gigabyte. Linux only.</summary>
internal static class MemoryBench
{
    private const double Goal = 50;

    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(Workbench bench, Report report)
    {
        report.Heading("Memory");
        if (!OperatingSystem.IsLinux())
        {
            report.Text("Measured on Linux only, where the kernel keeps a process's peak.");
            return;
        }

        // Listed, such a commit takes less: nothing of it is fetched but a few files.
        await using var host = await HostProcess.StartAsync(
            bench.GitHub.BaseUrl, new Dictionary<string, string> { ["Source__ListFrom"] = "0" });
        // What the first build loads is there while the host is idle, too.
        await BuildAsync(bench, host, BuildCase.SmallUncached);
        await Task.Delay(Idle);
        var idle = host.Memory().Now;
        Report.Progress("a repository of 1 GB");
        var change = await bench.CommitAsync(BuildCase.Huge);
        host.ForgetPeak();
        await BuildAsync(bench, host, change);
        var peak = host.Memory().Peak;
        report.Table(
            ["host and worker", "memory"],
            [
                ["idle, after a small build", Megabytes(idle)],
                ["peak while a repository of 1 GB is fetched, built and pushed", Megabytes(peak)],
                [$"more than idle (goal: {Goal:F0} MB at most)", $"{Megabytes(peak - idle)}, {Report.Met(peak - idle <= Goal)}"],
            ]);
    }

    private static async Task BuildAsync(Workbench bench, HostProcess host, BuildCase @case) =>
        await BuildAsync(bench, host, await bench.CommitAsync(@case));

    private static async Task BuildAsync(Workbench bench, HostProcess host, Change change)
    {
        var (_, answer) = await bench.OpenAsync(change, host.Webhook);
        await host.EndAsync(JsonNode.Parse(answer.Body)!["id"]!.GetValue<string>());
    }

    private static string Megabytes(double megabytes) => megabytes.ToString("F0", CultureInfo.InvariantCulture) + " MB";
}
