using System.Diagnostics;
using System.Globalization;
using System.Text;
using Ci.Tests.Fixtures;
using Xunit.Sdk;

namespace Ci.Tests.Fuzz;

/// <summary>Holds a property against mutated real inputs for as long as <c>CI_FUZZ_SECONDS</c> says (per target; a second or two
/// without it). A failure prints the input's seed; with <c>CI_FUZZ_SEED</c> set to it, only that input runs.</summary>
internal static class FuzzRun
{
    private const string LengthVariable = "CI_FUZZ_SECONDS";
    private const string SeedVariable = "CI_FUZZ_SEED";
    private const long MaxAllocated = 2L << 30;
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(10);

    // Not a limit of the input's but of the machine's: one that is busy is so once, an input that takes long does so each time.
    private static readonly TimeSpan Patience = TestEnvironment.Limit;

    public static Task OverAsync(string target, IEnumerable<string> seeds, Func<byte[], Task> property, params string[] words) =>
        OverAsync(target, seeds.Select(Encoding.UTF8.GetBytes), property, words);

    public static async Task OverAsync(string target, IEnumerable<byte[]> seeds, Func<byte[], Task> property, params string[] words)
    {
        var mutator = new Mutator([.. seeds], words);
        if (int.TryParse(Environment.GetEnvironmentVariable(SeedVariable), CultureInfo.InvariantCulture, out var only))
        {
            await CheckAsync(target, only, mutator.Make(only), property);
            return;
        }

        var isLong = double.TryParse(Environment.GetEnvironmentVariable(LengthVariable), CultureInfo.InvariantCulture, out var seconds);
        var watch = Stopwatch.StartNew();
        var first = isLong ? Random.Shared.Next(1 << 30) : 1;
        var seed = first;
        while (watch.Elapsed.TotalSeconds < (isLong ? seconds : 1.2))
        {
            await CheckAsync(target, seed, mutator.Make(seed), property);
            seed++;
        }

        var figures = string.Create(
            CultureInfo.InvariantCulture, $"fuzz {target}: {seed - first} inputs from seed {first} in {watch.Elapsed.TotalSeconds:F1} s");
        TestContext.Current.TestOutputHelper?.WriteLine(figures);
        if (isLong)
        {
            Console.WriteLine(figures);
        }
    }

    private static async Task CheckAsync(string target, int seed, byte[] input, Func<byte[], Task> property)
    {
        var whole = Stopwatch.StartNew();
        TimeSpan took;
        do
        {
            took = await RunAsync(target, seed, input, property);
        }
        while (took > MaxTime && whole.Elapsed < Patience);

        Assert.True(took <= MaxTime, $"fuzz {target}: {SeedVariable}={seed} took {took} each time ({Mutator.Shown(input)})");
    }

    private static async Task<TimeSpan> RunAsync(string target, int seed, byte[] input, Func<byte[], Task> property)
    {
        var watch = Stopwatch.StartNew();
        var (thread, allocated) = (Environment.CurrentManagedThreadId, GC.GetAllocatedBytesForCurrentThread());
        try
        {
            await property(input).WaitAsync(Patience);
        }
        catch (Exception e)
        {
            throw new XunitException($"fuzz {target}: {SeedVariable}={seed} ({Mutator.Shown(input)}): {e}");
        }

        allocated = thread == Environment.CurrentManagedThreadId ? GC.GetAllocatedBytesForCurrentThread() - allocated : 0;
        Assert.True(allocated < MaxAllocated, $"fuzz {target}: {SeedVariable}={seed} took {allocated} bytes ({Mutator.Shown(input)})");
        return watch.Elapsed;
    }
}
