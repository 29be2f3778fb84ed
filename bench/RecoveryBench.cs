using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Ci.Bench;

/// <summary>How long a build lies still whose host was killed: until another host runs it, and until the same one does that was
/// started again.</summary>
internal static class RecoveryBench
{
    public static async Task RunAsync(Workbench bench, Report report)
    {
        report.Heading("After SIGKILL");
        report.Table(
            ["the build goes on", "after"],
            [
                ["on another host that runs already", Report.Seconds(await MeasureAsync(bench, isRunning: true))],
                ["on a host that is started at once", Report.Seconds(await MeasureAsync(bench, isRunning: false))],
            ]);
    }

    private static async Task<double> MeasureAsync(Workbench bench, bool isRunning)
    {
        Report.Progress("a host is killed");
        var first = await HostProcess.StartAsync(bench.GitHub.BaseUrl);
        await using var _ = first;
        var (_, answer) = await bench.OpenAsync(await bench.CommitAsync(BuildCase.Endless), first.Webhook);
        var id = JsonNode.Parse(answer.Body)!["id"]!.GetValue<string>();
        await UntilRunningAsync(first, id, attempt: 1);
        var second = isRunning ? await HostProcess.StartAsync(bench.GitHub.BaseUrl) : null;
        await first.KillAsync();
        var watch = Stopwatch.StartNew();
        second ??= await HostProcess.StartAsync(bench.GitHub.BaseUrl);
        await using var __ = second;
        await UntilRunningAsync(second, id, attempt: 2);
        var time = watch.Elapsed.TotalSeconds;
        await second.CancelAsync(id);
        return time;
    }

    private static async Task UntilRunningAsync(HostProcess host, string id, int attempt)
    {
        while (await host.BuildAsync(id) is var build
            && (build["state"]!.GetValue<string>() != "running" || build["attempts"]!.GetValue<int>() < attempt))
        {
            await Task.Delay(20);
        }
    }
}
