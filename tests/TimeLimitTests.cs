using System.Reflection;
using Ci.Tests.Fixtures;
using Xunit.Runner.Common;
using Xunit.v3;

namespace Ci.Tests;

/// <summary>No test runs for ever.</summary>
public sealed class TimeLimitTests
{
    [Fact]
    public async Task Every_test_has_a_time_limit()
    {
        var framework = typeof(TimeLimitTests).Assembly.GetCustomAttribute<TestFrameworkAttribute>()!.FrameworkType;
        var discoverer = ((ITestFramework)Activator.CreateInstance(framework)!).GetDiscoverer(typeof(TimeLimitTests).Assembly);
        var found = new List<IXunitTestCase>();

        await discoverer.Find(
            test =>
            {
                found.Add((IXunitTestCase)test);
                return ValueTask.FromResult(true);
            },
            TestFrameworkOptions.ForDiscovery(new TestAssemblyConfiguration()));

        Assert.NotEmpty(found);
        Assert.DoesNotContain(found, test => test.Timeout <= 0 || test.Timeout > TimeLimitedTestFramework.LongestLimit.TotalMilliseconds);
    }

    [Theory]
    [InlineData(nameof(HangingTests.A_synchronous_test_hangs))]
    [InlineData(nameof(HangingTests.An_asynchronous_test_hangs))]
    public async Task A_test_that_hangs_fails(string method)
    {
        var (exitCode, output) = await RunAsync("-method", $"*{nameof(HangingTests)}.{method}");

        Assert.Equal(1, exitCode);
        Assert.Contains($"{nameof(HangingTests)}.{method} [FAIL]", output, StringComparison.Ordinal);
        Assert.Contains("Test execution timed out", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fixture_that_hangs_ends_the_run()
    {
        var (exitCode, output) = await RunAsync("-class", $"*{nameof(HangingFixtureTests)}");

        Assert.Equal(1, exitCode);
        Assert.Contains("so the run is ended", output, StringComparison.Ordinal);
    }

    /// <summary>A run of its own. What it runs hangs, however long that is waited for: so here a second is long enough.</summary>
    private static async Task<(int ExitCode, string Output)> RunAsync(params string[] choice)
    {
        await using var run = RunningProcess.Start(
            "dotnet",
            [typeof(TimeLimitTests).Assembly.Location, "-noColor", "-explicit", "only", .. choice],
            new Dictionary<string, string?> { [TimeLimitedTestFramework.LimitVariable] = TimeLimitedTestFramework.HangingLimit });
        return (await run.WaitForExitAsync(), run.Output);
    }
}

/// <summary>Run by <see cref="TimeLimitTests"/> alone.</summary>
public sealed class HangingTests
{
    [Fact(Explicit = true)]
    public void A_synchronous_test_hangs() => Thread.Sleep(Timeout.Infinite);

    [Fact(Explicit = true)]
    public Task An_asynchronous_test_hangs() => new TaskCompletionSource().Task;
}

/// <summary>Run by <see cref="TimeLimitTests"/> alone.</summary>
public sealed class HangingFixtureTests : IClassFixture<HangingFixtureTests.HangingFixture>
{
    [Fact(Explicit = true)]
    public void Nothing_of_it_runs()
    {
    }

    public sealed class HangingFixture : IAsyncLifetime
    {
        // xUnit makes the fixture in every run, also in those that leave its tests out.
        public async ValueTask InitializeAsync() =>
            await (Environment.GetEnvironmentVariable(TimeLimitedTestFramework.LimitVariable) == TimeLimitedTestFramework.HangingLimit
                ? new TaskCompletionSource().Task
                : Task.CompletedTask);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
