using System.Diagnostics;

namespace Ci.Bench;

/// <summary>From the delivery, or the typed command, to the image in the registry: all sides in turn, each with a commit of its
/// own.</summary>
internal static class BuildBench
{
    private const double Goal = 1.10;

    // What a side leaves to be done behind its push is not to slow the next one down.
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(300);

    public static async Task RunAsync(Workbench bench, Report report, int rounds, string only)
    {
        report.Heading("From webhook to pushed image");
        var times = new List<(string Title, Dictionary<string, double> Medians)>();
        foreach (var buildKit in new[] { true, false })
        {
            var cases = Cases(buildKit).Where(@case => TitleOf(@case, buildKit).Contains(only, StringComparison.Ordinal)).ToList();
            if (cases.Count == 0)
            {
                continue;
            }

            var sides = await Sides.StartAsync(bench, report, buildKit);
            try
            {
                foreach (var @case in cases)
                {
                    times.Add((TitleOf(@case, buildKit), await MeasureAsync(bench, sides, @case, Math.Min(rounds, @case.Rounds))));
                }
            }
            finally
            {
                await Sides.StopAsync(sides);
            }
        }

        Tell(report, times);
    }

    private static string TitleOf(BuildCase @case, bool buildKit) => @case.Title + (buildKit ? "" : ", classic builder");

    private static BuildCase[] Cases(bool buildKit) => buildKit
        ? [BuildCase.SmallCached, BuildCase.SmallUncached, BuildCase.ThreeImages, BuildCase.LargeCopied, BuildCase.LargeLittle]
        : [BuildCase.SmallCached, BuildCase.SmallUncached];

    private static async Task<Dictionary<string, double>> MeasureAsync(
        Workbench bench, IReadOnlyList<ISide> sides, BuildCase @case, int rounds)
    {
        var times = sides.ToDictionary(side => side.Name, _ => new List<double>());
        // Round 0 warms all sides up and is not counted.
        for (var round = @case.WarmsUp ? 0 : 1; round <= rounds; round++)
        {
            // Nobody always comes behind the same other.
            foreach (var side in sides.Skip(round % sides.Count).Concat(sides.Take(round % sides.Count)))
            {
                var time = await MeasureAsync(bench, side, @case);
                if (round > 0)
                {
                    times[side.Name].Add(time);
                }
            }

            Report.Progress($"{@case.Title}, round {round} of {rounds}: "
                + $"{string.Join(", ", times.Where(t => t.Value.Count > 0).Select(t => $"{t.Key} {t.Value[^1]:F2} s"))}");
        }

        return times.ToDictionary(time => time.Key, time => Workbench.Median(time.Value));
    }

    private static async Task<double> MeasureAsync(Workbench bench, ISide side, BuildCase @case)
    {
        var change = await bench.CommitAsync(@case);
        await side.PrepareAsync(change);
        var watch = Stopwatch.StartNew();
        var work = await side.BeginAsync(change);
        await bench.UntilPushedAsync(work.Images, work.End);
        var time = watch.Elapsed.TotalSeconds;
        await work.End;
        await Task.Delay(Rest);
        return time;
    }

    private static void Tell(Report report, List<(string Title, Dictionary<string, double> Medians)> times)
    {
        string[] peers = ["webhook", "flask", "buildbot"];
        report.Table(
            ["commit", "typed", "ours", "of typed", $"goal: {Report.Factor(Goal)} at most", .. peers],
            times.Select(time =>
            {
                var (typed, ours) = (time.Medians["typed"], time.Medians["ours"]);
                string Peer(string name) => time.Medians.TryGetValue(name, out var its) ? Report.Seconds(its) : "–";
                return (string[])
                    [time.Title, Report.Seconds(typed), Report.Seconds(ours), Report.Factor(ours / typed),
                    Report.Met(ours / typed <= Goal), .. peers.Select(Peer)];
            }));
    }
}
