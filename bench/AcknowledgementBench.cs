using System.Diagnostics;
using Ci.StandIn;

namespace Ci.Bench;

/// <summary>How long GitHub waits for its 202, one delivery at a time and 50 at once.</summary>
internal static class AcknowledgementBench
{
    public static async Task RunAsync(Workbench bench)
    {
        Console.WriteLine("acknowledgement of a delivery (each stores a record and a message)");
        await MeasureAsync(bench, 1, 20);
        foreach (var (concurrency, deliveries) in new[] { (1, 200), (50, 1000) })
        {
            double[] times = await MeasureAsync(bench, concurrency, deliveries);
            Console.WriteLine($"  {concurrency,2} at once   p50 {times[times.Length / 2]:F1} ms   p99 {times[times.Length * 99 / 100]:F1} ms");
        }
    }

    private static async Task<double[]> MeasureAsync(Workbench bench, int concurrency, int deliveries)
    {
        var times = new double[deliveries];
        await Parallel.ForEachAsync(Enumerable.Range(0, deliveries), new ParallelOptions { MaxDegreeOfParallelism = concurrency }, async (i, _) =>
        {
            // Commits that GitHub does not know: accepted like all others, and over quickly.
            var pull = new PullRequestState
            {
                Repository = Workbench.Repository,
                Number = i + 1,
                Branch = "b",
                Head = Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(20)),
                Title = "Bench",
                HeadRepository = Workbench.Repository,
            };
            var payload = pull.Payload("opened").ToJsonString();
            var start = Stopwatch.GetTimestamp();
            var answer = await bench.GitHub.DeliverAsync("pull_request", payload);
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            if (answer.Status != 202)
            {
                throw new InvalidOperationException($"A delivery was answered {answer.Status}: {answer.Body}");
            }
        });
        Array.Sort(times);
        return times;
    }
}
