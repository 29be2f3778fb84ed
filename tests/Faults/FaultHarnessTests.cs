using System.Diagnostics;
using System.Globalization;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Faults;

/// <summary>A stream of pull requests against two hosts, while a seeded injector kills hosts, restarts every part, and cuts and
/// slows connections. In the end every delivery that was accepted has one final state, the right one, seen alike in the record,
/// at GitHub and in the registry. <c>CI_FAULT_KILLS</c> makes it longer, <c>CI_FAULT_SEED</c> repeats a run.</summary>
public sealed class FaultHarnessTests
{
    private readonly int _kills = Number("CI_FAULT_KILLS", 6);
    private readonly int _seed = Number("CI_FAULT_SEED", Random.Shared.Next());

    [Fact(Timeout = 20 * 60 * 1000)]
    public async Task Whatever_dies_every_accepted_delivery_ends_once_and_right()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            TestEnvironment.SkipOrFail(
                "The fault harness stops and restarts a Docker engine of its own, for which it needs Linux and root.");
        }

        await using var environment = await FaultEnvironment.StartAsync();
        var random = new Random(_seed);
        using var traffic = await Traffic.CreateAsync(new Random(random.Next()), environment.GitHub);
        var injector = new FaultInjector(environment, new Random(random.Next()), _kills);
        var scheduler = new DeliveryScheduler(environment, traffic, new Random(random.Next()));

        var watch = Stopwatch.StartNew();
        await Task.WhenAll(injector.RunAsync(), scheduler.RunAsync(() => !injector.IsDone))
            .WaitAsync(TestContext.Current.CancellationToken);
        await scheduler.DeliverRestAsync();
        var verdicts = new Invariants(environment, traffic);
        await UntilQuietAsync(environment, verdicts);

        var problems = await verdicts.ProblemsAsync();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"seed {_seed}: {traffic.Pulls.Sum(p => p.Count)} events of {traffic.Pulls.Count} pull requests, {injector.Summary}, "
            + $"{scheduler.Summary}, {watch.Elapsed.TotalSeconds:F0} s");
        Assert.True(
            problems.Count == 0,
            $"{environment.Output()}\nCI_FAULT_SEED={_seed} CI_FAULT_KILLS={_kills}: {injector.Summary}\n{string.Join('\n', problems)}");
    }

    /// <summary>A long run leaves a long queue, and a slow machine takes its time; what counts is that it gets shorter.</summary>
    private async Task UntilQuietAsync(FaultEnvironment environment, Invariants verdicts)
    {
        var left = int.MaxValue;
        while (left > 0)
        {
            var before = left;
            await TestEnvironment.UntilAsync(
                async () => (left = await verdicts.LeftAsync()) < before,
                "something to end",
                () => $"{environment.Output()}\nCI_FAULT_SEED={_seed} CI_FAULT_KILLS={_kills}\n{verdicts.Left}");
        }
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
            : otherwise;
}
