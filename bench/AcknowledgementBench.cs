using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Ci.Bench;

/// <summary>
/// How long GitHub waits for its 202 (a record and a message are stored by then), beside storage alone and beside a server that
/// keeps nothing. The workers are busy meanwhile: they wait for a GitHub that does not answer.
/// </summary>
internal static class AcknowledgementBench
{
    private const double GoalAbove = 1;
    private const double GoalFactor = 1.25;

    // A host runs for days: its code is compiled for speed by then, as the benchmark's own is after the first round. What waits in
    // a queue is taken away after each lot: Azurite takes the longer for it, the longer the queue.
    private const int Lots = 6;
    private const int Lot = 500;

    // What it does behind its answers is done by then, and storage has got rid of what was taken away.
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    private static readonly (int AtOnce, int Count)[] Loads = [(1, 2000), (50, 1000), (200, 1000)];

    public static async Task RunAsync(Report report, int rounds)
    {
        report.Heading("Acknowledgement of a delivery");
        using var silence = new TcpListener(IPAddress.Loopback, 0);
        silence.Start();
        var gitHub = new Uri($"http://127.0.0.1:{((IPEndPoint)silence.LocalEndpoint).Port}/");
        var rows = new List<string[]>();
        foreach (var (atOnce, count) in Loads)
        {
            var (ours, row, all, webhook) = (new List<Load>(), new List<Load>(), new List<Load>(), new List<Load>());
            for (var round = 0; round < rounds; round++)
            {
                row.Add(await BareAsync(atOnce, count, storage => storage.WriteRowAsync));
                ours.Add(await OursAsync(gitHub, atOnce, count));
                all.Add(await BareAsync(atOnce, count, storage => storage.WriteRowsAsync));
                if (WebhookPeer.Program is not null)
                {
                    webhook.Add(await WebhookAsync(atOnce, count));
                }

                Report.Progress($"{atOnce} at once, round {round + 1} of {rounds}: ours {ours[^1].P50:F1} ms, bare {row[^1].P50:F1} ms");
            }

            rows.AddRange(
                Rows(atOnce, Load.Median(ours), Load.Median(row), Load.Median(all), webhook.Count > 0 ? Load.Median(webhook) : null));
        }

        report.Table(["at once", "what", "p50", "p99", "a second", $"goal: p50 {GoalAbove} ms above storage, p99 "
            + $"{Report.Factor(GoalFactor)} of it, at most"], rows);
    }

    private static IEnumerable<string[]> Rows(int atOnce, Load ours, Load row, Load all, Load? webhook)
    {
        var goal = $"p50 {ours.P50 - row.P50:+0.0;−0.0} ms: {Report.Met(ours.P50 <= row.P50 + GoalAbove)}; p99 "
            + $"{Report.Factor(ours.P99 / row.P99)}: {Report.Met(ours.P99 <= GoalFactor * row.P99)}";
        yield return Row(atOnce, "storage alone: one row and the message", row, "");
        yield return Row(atOnce, "storage alone: all rows of the build and the message", all, "");
        yield return Row(atOnce, "ours", ours, goal);
        if (webhook is not null)
        {
            yield return Row(atOnce, "webhook, which keeps nothing", webhook, "");
        }
    }

    private static string[] Row(int atOnce, string what, Load load, string goal) =>
    [
        atOnce.ToString(CultureInfo.InvariantCulture), what, Report.Milliseconds(load.P50), Report.Milliseconds(load.P99),
        load.PerSecond.ToString("F0", CultureInfo.InvariantCulture), goal,
    ];

    private static async Task<Load> BareAsync(int atOnce, int count, Func<BareStorage, Func<int, Task>> write)
    {
        await Load.RunAsync(Math.Max(atOnce, 10), Lot, write(await BareStorage.CreateAsync()));
        var empty = write(await BareStorage.CreateAsync());
        await Task.Delay(Rest);
        return await Load.RunAsync(atOnce, count, empty);
    }

    private static async Task<Load> OursAsync(Uri gitHub, int atOnce, int count)
    {
        var host = await HostProcess.StartAsync(
            gitHub, new Dictionary<string, string> { ["GitHub__Token"] = "", ["Build__MaxQueued"] = "10000" });
        try
        {
            return await SendAsync(host.Webhook, atOnce, count, BareStorage.EmptyAsync);
        }
        finally
        {
            // Its two builds wait for an answer; nobody waits for them.
            await host.KillAsync();
            await host.DisposeAsync();
        }
    }

    private static async Task<Load> WebhookAsync(int atOnce, int count)
    {
        var port = Child.FreePort();
        var nothing =
            new Dictionary<string, string> { ["HOOK_COMMAND"] = Child.Find("true").First(), ["WEBHOOK_SECRET"] = Settings.Secret };
        await using var webhook = WebhookPeer.Start(port, nothing);
        await webhook.AnswersAsync(WebhookPeer.HookOn(port));
        return await SendAsync(WebhookPeer.HookOn(port), atOnce, count, () => Task.CompletedTask);
    }

    private static async Task<Load> SendAsync(Uri webhook, int atOnce, int count, Func<Task> afterLot)
    {
        using var deliveries = new Deliveries(Lots * Lot + count);
        for (var lot = 0; lot < Lots; lot++)
        {
            var first = lot * Lot;
            await Load.RunAsync(Math.Max(atOnce, 10), Lot, i => deliveries.SendAsync(webhook, first + i));
            await afterLot();
        }

        await Task.Delay(Rest);
        return await Load.RunAsync(atOnce, count, i => deliveries.SendAsync(webhook, Lots * Lot + i));
    }
}
