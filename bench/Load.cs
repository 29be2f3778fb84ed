using System.Diagnostics;

namespace Ci.Bench;

/// <summary>How long many of a kind took, so many at a time.</summary>
/// <param name="P50">Half of them were faster, in milliseconds.</param>
/// <param name="P99">All but one in a hundred were.</param>
/// <param name="Longest">The slowest of them.</param>
/// <param name="PerSecond">How many were done in a second.</param>
internal sealed record Load(double P50, double P99, double Longest, double PerSecond)
{
    public static async Task<Load> RunAsync(int concurrency, int count, Func<int, Task> one)
    {
        var times = new double[count];
        var watch = Stopwatch.StartNew();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = concurrency }, async (i, _) =>
        {
            var start = Stopwatch.GetTimestamp();
            await one(i);
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        });
        var perSecond = count / watch.Elapsed.TotalSeconds;
        Array.Sort(times);
        return new Load(times[count / 2], times[count * 99 / 100], times[^1], perSecond);
    }

    /// <summary>The median of several runs, each figure by itself.</summary>
    public static Load Median(IReadOnlyCollection<Load> runs) => new(
        Workbench.Median(runs.Select(run => run.P50)),
        Workbench.Median(runs.Select(run => run.P99)),
        Workbench.Median(runs.Select(run => run.Longest)),
        Workbench.Median(runs.Select(run => run.PerSecond)));
}
