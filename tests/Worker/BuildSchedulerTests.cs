using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Worker;
using Ci.Tests.Builds;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Worker;

/// <summary>Who goes first.</summary>
public sealed class BuildSchedulerTests(Azurite azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_repository_that_has_a_worker_lets_one_go_first_that_has_none()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var (first, second, other) = (storage.Change('a', 0, pull: 1), storage.Change('b', 0, pull: 2), storage.Change('c', 0, repository: "owner/two"));
        await storage.AdmitAsync(first);
        await storage.AdmitAsync(second);
        await storage.AdmitAsync(other);
        await using var lease = await storage.TakeAsync(first);
        var turns = new BuildScheduler(storage.Records, storage.Queue, storage.Time);

        Assert.Equal(Turn.AfterOthers, await turns.WaitAsync(second.Request, Cancellation));
        Assert.Equal(Turn.Now, await turns.WaitAsync(other.Request, Cancellation));
    }

    [Fact]
    public async Task It_steps_back_for_some_seconds_and_not_for_ever()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var (first, second, other) = (storage.Change('a', 0, pull: 1), storage.Change('b', 0, pull: 2), storage.Change('c', 0, repository: "owner/two"));
        await storage.AdmitAsync(first);
        await storage.AdmitAsync(second);
        await storage.AdmitAsync(other);
        await using var lease = await storage.TakeAsync(first);
        var turns = new BuildScheduler(storage.Records, storage.Queue, storage.Time);

        await turns.StepBackAsync(second.Request, Cancellation);
        var soon = await turns.WaitAsync(second.Request, Cancellation);
        storage.Time.Advance(TimeSpan.FromSeconds(11));

        Assert.Equal((Turn.AfterOthers, 1), (soon, await storage.MessagesAsync()));
        Assert.Equal(Turn.Now, await turns.WaitAsync(second.Request, Cancellation));
    }

    [Fact]
    public async Task Alone_a_repository_takes_what_is_free()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var (first, second) = (storage.Change('a', 0, pull: 1), storage.Change('b', 0, pull: 2));
        await storage.AdmitAsync(first);
        await storage.AdmitAsync(second);
        await using var lease = await storage.TakeAsync(first);

        Assert.Equal(Turn.Now, await new BuildScheduler(storage.Records, storage.Queue, storage.Time).WaitAsync(second.Request, Cancellation));
    }

    [Fact]
    public async Task What_another_worker_has_or_has_ended_never_has_a_turn()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var (first, second) = (storage.Change('a', 0), storage.Change('b', 1));
        await storage.AdmitAsync(first);
        await storage.AdmitAsync(second);
        await using var lease = await storage.TakeAsync(second);
        var turns = new BuildScheduler(storage.Records, storage.Queue, storage.Time);

        Assert.Equal((Turn.Never, Turn.Never), (await turns.WaitAsync(first.Request, Cancellation), await turns.WaitAsync(second.Request, Cancellation)));
    }

    [Fact]
    public async Task A_commit_waits_until_its_predecessors_worker_has_let_go()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var (first, second) = (storage.Change('a', 0), storage.Change('b', 1));
        await storage.AdmitAsync(first);
        await using var lease = await storage.TakeAsync(first);
        await storage.AdmitAsync(second);

        var waiting = new BuildScheduler(storage.Records, storage.Queue, storage.Time).WaitAsync(second.Request, Cancellation);
        var beforeItsEnd = waiting.IsCompleted;
        await lease.EndAsync(record => record, Cancellation);

        Assert.False(beforeItsEnd);
        Assert.Equal(Turn.Now, await waiting);
    }

    [Fact]
    public async Task A_dead_predecessors_hold_runs_out()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var (first, second) = (storage.Change('a', 0), storage.Change('b', 1));
        await storage.AdmitAsync(first);
        await using var lease = await storage.TakeAsync(first);
        await storage.AdmitAsync(second);

        var waiting = new BuildScheduler(storage.Records, storage.Queue, storage.Time).WaitAsync(second.Request, Cancellation);
        storage.Time.Advance(BuildLease.Length + TimeSpan.FromSeconds(1));

        Assert.Equal(Turn.Now, await waiting);
    }
}
