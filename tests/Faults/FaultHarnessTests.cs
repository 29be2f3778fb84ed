using System.Diagnostics;
using System.Globalization;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Faults;

/// <summary>
/// A stream of pull requests against two hosts, while a seeded hand kills hosts, restarts every part, and cuts and slows
/// connections. In the end every delivery that was accepted has one final state, the right one, seen alike in the record,
/// at GitHub and in the registry. <c>CI_FAULT_KILLS</c> makes it longer, <c>CI_FAULT_SEED</c> repeats a run.
/// </summary>
public sealed class FaultHarnessTests
{
    private readonly int _kills = Number("CI_FAULT_KILLS", 6);
    private readonly int _seed = Number("CI_FAULT_SEED", Random.Shared.Next());

    [Fact]
    public async Task Whatever_dies_every_accepted_delivery_ends_once_and_right()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            TestEnvironment.SkipOrFail("The fault harness stops and restarts a Docker engine of its own, for which it needs Linux and root.");
        }

        await using var world = await FaultEnvironment.StartAsync();
        var random = new Random(_seed);
        using var traffic = await Traffic.CreateAsync(new Random(random.Next()), world.GitHub);
        var hand = new FaultInjector(world, new Random(random.Next()), _kills);
        var post = new DeliveryScheduler(world, traffic, new Random(random.Next()));

        var watch = Stopwatch.StartNew();
        await Task.WhenAll(hand.RunAsync(), post.RunAsync(() => !hand.IsDone));
        await post.DeliverRestAsync();
        var verdicts = new Invariants(world, traffic);
        await UntilQuietAsync(world, verdicts);

        var problems = await verdicts.ProblemsAsync();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"seed {_seed}: {traffic.Pulls.Sum(p => p.Count)} events of {traffic.Pulls.Count} pull requests, {hand.Summary}, {post.Summary}, {watch.Elapsed.TotalSeconds:F0} s");
        Assert.True(problems.Count == 0, $"{world.Output()}\nCI_FAULT_SEED={_seed} CI_FAULT_KILLS={_kills}: {hand.Summary}\n{string.Join('\n', problems)}");
    }

    /// <summary>A long run leaves a long queue, and a slow machine takes its time; what counts is that it gets shorter.</summary>
    private async Task UntilQuietAsync(FaultEnvironment world, Invariants verdicts)
    {
        var left = int.MaxValue;
        while (left > 0)
        {
            var before = left;
            await TestEnvironment.UntilAsync(
                async () => (left = await verdicts.LeftAsync()) < before,
                "something to end",
                () => $"{world.Output()}\nCI_FAULT_SEED={_seed} CI_FAULT_KILLS={_kills}\n{verdicts.Left}");
        }
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
