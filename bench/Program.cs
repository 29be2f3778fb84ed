using System.Globalization;
using System.Runtime.InteropServices;
using Ci.Bench;

// Ci.Bench [--write] [--rounds N] [--only WORDS] [PART…]: run.sh bench starts Azurite, the engine and the registry, and hands
// their addresses over in the environment.
// Ci.Bench lists BUILDS measures the lists alone, on the storage.
if (args is ["lists", var builds])
{
    await ListBench.RunAsync(Settings.Storage, int.Parse(builds, CultureInfo.InvariantCulture));
    return 0;
}

if (BenchOptions.Parse(args) is not { } options)
{
    Console.Error.WriteLine($"./run.sh bench takes --write, --rounds N, --only WORDS (of a build's title), and which parts to "
        + $"measure: {string.Join(", ", BenchOptions.AllParts)}.");
    return 2;
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
var report = new Report();
await using var bench = await Workbench.StartAsync();
report.Text(await Machine.DescribeAsync(bench.Docker));
foreach (var part in options.Parts)
{
    await (part switch
    {
        "builds" => BuildBench.RunAsync(bench, report, options.Rounds, options.Only),
        "merge" => PromotionBench.RunAsync(bench, report, options.Rounds),
        "memory" => MemoryBench.RunAsync(bench, report),
        "recovery" => RecoveryBench.RunAsync(bench, report),
        _ => AcknowledgementBench.RunAsync(report, options.Rounds),
    });
}

if (options.Writes)
{
    report.WriteInto(Path.Combine("docs", "benchmarks.md"));
}

return 0;

static void Stop(PosixSignalContext context)
{
    Child.KillAll();
    Environment.Exit(128 + (context.Signal == PosixSignal.SIGINT ? 2 : 15));
}
