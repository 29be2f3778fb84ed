using Ci.Pipeline.Builds.Storage;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Builds;

/// <summary>Verdicts are written behind the answers: soon, whatever else comes, and before anybody reads them here.</summary>
public sealed class DeliveryLogTests(Azurite azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_verdict_is_written_soon()
    {
        var storage = await TestStorage.StartAsync(azurite);
        await using var ledger = storage.DeliveryLog();
        await using var other = storage.DeliveryLog();

        ledger.Add(Entry(storage, 1));

        await TestEnvironment.UntilAsync(async () => (await other.NewestAsync(10, Cancellation)).Count == 1, "the verdict");
    }

    [Fact]
    public async Task Verdicts_are_written_although_deliveries_never_stop()
    {
        var storage = await TestStorage.StartAsync(azurite);
        await using var ledger = storage.DeliveryLog();
        await using var other = storage.DeliveryLog();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var deliveries = DeliverAsync();

        await TestEnvironment.UntilAsync(async () => (await other.NewestAsync(100, Cancellation)).Count == 100, "a hundred verdicts");
        await enough.CancelAsync();
        await deliveries;

        async Task DeliverAsync()
        {
            using var often = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
            for (var number = 1; !enough.IsCancellationRequested; number++)
            {
                ledger.Add(Entry(storage, number));
                await often.WaitForNextTickAsync(Cancellation);
            }
        }
    }

    [Fact]
    public async Task Who_reads_here_finds_all_that_came_before()
    {
        var storage = await TestStorage.StartAsync(azurite);
        await using var ledger = storage.DeliveryLog();
        for (var number = 1; number <= 100; number++)
        {
            ledger.Add(Entry(storage, number));
        }

        Assert.Equal(100, (await ledger.NewestAsync(1000, Cancellation)).Count);
    }

    [Fact]
    public async Task At_a_hosts_end_all_is_written()
    {
        var storage = await TestStorage.StartAsync(azurite);
        await using var other = storage.DeliveryLog();
        await using (var ledger = storage.DeliveryLog())
        {
            ledger.Add(Entry(storage, 1));
        }

        Assert.Single(await other.NewestAsync(10, Cancellation));
    }

    private static DeliveryLogEntry Entry(TestStorage storage, int number) => new()
    {
        Delivery = Guid.NewGuid().ToString(),
        At = storage.Time.GetUtcNow().AddTicks(number),
        Event = "pull_request.opened",
        Status = 202,
        Verdict = "queued",
        Repository = "octo/hello",
        PullRequest = number,
    };
}
