using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Ci.Bench;

/// <summary>How long GitHub waits for its 202 (a record and a message are stored by then), beside storage alone and beside a
/// server that keeps nothing. The workers are busy meanwhile: they wait for a GitHub that does not answer.</summary>
internal static class AcknowledgementBench
{
    private const double GoalAbove = 1;
    private const double GoalFactor = 1.25;

    // A host runs for days: its code is compiled for speed by then, as the benchmark's own is after the first round. What waits in
    // a queue is taken away after each lot: Azurite takes the longer for it, the longer the queue.
    private const int Lots = 3;
    private const int Lot = 500;
    private const int Singles = 1000;
    private const int Burst = 200;

    // GitHub Docs, "Best practices for using webhooks": it gives up after that.
    private static readonly TimeSpan GitHubWaits = TimeSpan.FromSeconds(10);

    // What it does behind its answers is done by then, and storage has got rid of what was taken away.
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(Report report, int rounds)
    {
        report.Heading("Acknowledgement of a delivery");
        using var silence = new TcpListener(IPAddress.Loopback, 0);
        silence.Start();
        var gitHub = new Uri($"http://127.0.0.1:{((IPEndPoint)silence.LocalEndpoint).Port}/");
        var (ours, row, all, webhook, bursts) = (new List<Load>(), new List<Load>(), new List<Load>(), new List<Load>(), new List<Load>());
        var lost = 0;
        for (var round = 0; round < rounds; round++)
        {
            row.Add(await BareAsync(storage => storage.WriteRowAsync));
            var (single, burst, missing) = await OursAsync(gitHub);
            ours.Add(single);
            bursts.Add(burst);
            lost += missing;
            all.Add(await BareAsync(storage => storage.WriteRowsAsync));
            if (WebhookPeer.Program is not null)
            {
                webhook.Add(await WebhookAsync());
            }

            Report.Progress($"round {round + 1} of {rounds}: ours {single.P50:F1} ms, storage {row[^1].P50:F1} ms; a burst of {Burst}: {burst.Longest:F0} ms");
        }

        var (one, bare) = (Load.Median(ours), Load.Median(row));
        var goal = $"p50 {one.P50 - bare.P50:+0.0;−0.0} ms: {Report.Met(one.P50 <= bare.P50 + GoalAbove)}; p99 {Report.Factor(one.P99 / bare.P99)}: {Report.Met(one.P99 <= GoalFactor * bare.P99)}";
        report.Table(
            ["what", "p50", "p99", "a second", $"goal: p50 {GoalAbove} ms above storage, p99 {Report.Factor(GoalFactor)} of it, at most"],
            [
                Row("storage alone: one row and the message", bare, ""),
                Row("storage alone: all rows of the build and the message", Load.Median(all), ""),
                Row("ours", one, goal),
                .. webhook.Count > 0 ? [Row("webhook, which keeps nothing", Load.Median(webhook), "")] : Array.Empty<string[]>(),
            ]);
        var longest = bursts.Max(burst => burst.Longest);
        report.Text(
            $"\n{Burst} deliveries at once: the slowest was answered after {Report.Milliseconds(longest)}, {lost} were lost. "
            + $"Goal, all within the {GitHubWaits.TotalSeconds:F0} s that GitHub waits, and none lost: {Report.Met(longest < GitHubWaits.TotalMilliseconds && lost == 0)}.");
    }

    private static string[] Row(string what, Load load, string goal) =>
        [what, Report.Milliseconds(load.P50), Report.Milliseconds(load.P99), load.PerSecond.ToString("F0", CultureInfo.InvariantCulture), goal];

    private static async Task<Load> BareAsync(Func<BareStorage, Func<int, Task>> write)
    {
        await Load.RunAsync(10, Lot, write(await BareStorage.CreateAsync()));
        var empty = write(await BareStorage.CreateAsync());
        await Task.Delay(Rest);
        return await Load.RunAsync(1, Singles, empty);
    }

    private static async Task<(Load Single, Load Burst, int Lost)> OursAsync(Uri gitHub)
    {
        var host = await HostProcess.StartAsync(gitHub, new Dictionary<string, string> { ["GitHub__Token"] = "" });
        try
        {
            using var deliveries = new Deliveries((Lots * Lot) + Singles + Burst);
            var single = await SendAsync(host.Webhook, deliveries, BareStorage.EmptyAsync);
            await BareStorage.EmptyAsync();
            await Task.Delay(Rest);
            var (records, messages) = await BareStorage.CountAsync();
            var burst = await Load.RunAsync(Burst, Burst, i => deliveries.SendAsync(host.Webhook, (Lots * Lot) + Singles + i));
            var (recordsAfter, messagesAfter) = await BareStorage.CountAsync();
            return (single, burst, Burst - Math.Min(recordsAfter - records, messagesAfter - messages));
        }
        finally
        {
            // Its two builds wait for an answer; nobody waits for them.
            await host.KillAsync();
            await host.DisposeAsync();
        }
    }

    private static async Task<Load> WebhookAsync()
    {
        var port = Child.FreePort();
        var nothing =
            new Dictionary<string, string> { ["HOOK_COMMAND"] = Child.Find("true").First(), ["WEBHOOK_SECRET"] = Settings.Secret };
        await using var webhook = WebhookPeer.Start(port, nothing);
        await webhook.AnswersAsync(WebhookPeer.HookOn(port));
        using var deliveries = new Deliveries((Lots * Lot) + Singles);
        return await SendAsync(WebhookPeer.HookOn(port), deliveries, () => Task.CompletedTask);
    }

    private static async Task<Load> SendAsync(Uri webhook, Deliveries deliveries, Func<Task> afterLot)
    {
        for (var lot = 0; lot < Lots; lot++)
        {
            var first = lot * Lot;
            await Load.RunAsync(10, Lot, i => deliveries.SendAsync(webhook, first + i));
            await afterLot();
        }

        await Task.Delay(Rest);
        return await Load.RunAsync(1, Singles, i => deliveries.SendAsync(webhook, (Lots * Lot) + i));
    }
}
