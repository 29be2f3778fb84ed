using Ci.Local.Queues;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Local;

/// <summary>What a host that is to end does with the messages it works on.</summary>
public sealed class ShutdownTests(Azurite azurite) : IAsyncLifetime
{
    private static readonly QueueTimes Short = new() { ShutdownGrace = TimeSpan.FromSeconds(1), CancelGrace = TimeSpan.FromSeconds(1) };
    private QueueScenario _scenario = null!;

    public async ValueTask InitializeAsync() => _scenario = await QueueScenario.StartAsync(azurite);

    public ValueTask DisposeAsync() => _scenario.DisposeAsync();

    [Fact]
    public async Task A_run_that_ends_in_time_is_waited_for()
    {
        await _scenario.SendAsync("pause 500");
        var host = await _scenario.HostAsync();
        await _scenario.SeenAsync(1);

        await host.StopAsync();

        Assert.Equal(0, (await _scenario.Jobs.GetPropertiesAsync(TestContext.Current.CancellationToken)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task A_longer_one_is_cancelled_and_its_message_is_back_at_once_even_after_its_last_try()
    {
        await _scenario.SendAsync("wait never");
        var host = await _scenario.HostAsync(QueueScenario.HostJson("\"maxDequeueCount\": 1, \"visibilityTimeout\": \"00:10:00\""), Short);
        await _scenario.SeenAsync(1);

        await host.StopAsync();

        var back = Assert.Single(
            (await _scenario.Jobs.ReceiveMessagesAsync(1, cancellationToken: TestContext.Current.CancellationToken)).Value);
        Assert.Equal(2, back.DequeueCount);
        Assert.Contains(host.Log, line => line.StartsWith("Warning: Jobs was stopped with the host", StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_that_does_not_heed_its_cancellation_does_not_hold_up_the_end()
    {
        await _scenario.SendAsync("deaf never");
        var host = await _scenario.HostAsync(times: Short);
        await _scenario.SeenAsync(1);
        var worker = host.WorkerProcessId;

        await host.StopAsync();

        Assert.False(RunningProcess.IsThere(worker));
        Assert.Single((await _scenario.Jobs.PeekMessagesAsync(32, TestContext.Current.CancellationToken)).Value);
    }

    [Fact]
    public async Task A_worker_that_ends_while_its_host_does_has_no_successor()
    {
        await _scenario.SendAsync("deaf never");
        var host = await _scenario.HostAsync();
        await _scenario.SeenAsync(1);

        var ending = host.StopAsync();
        await RunningProcess.SignalAsync(host.WorkerProcessId, "KILL");
        await ending;

        Assert.DoesNotContain(host.Log, line => line.Contains("another one is started", StringComparison.Ordinal));
        Assert.Single((await _scenario.Jobs.PeekMessagesAsync(32, TestContext.Current.CancellationToken)).Value);
    }

    [Fact]
    public async Task A_host_that_has_ended_takes_no_more_messages()
    {
        var host = await _scenario.HostAsync();
        await host.StopAsync();

        await _scenario.SendAsync("after");

        Assert.Equal(
            0, Assert.Single((await _scenario.Jobs.PeekMessagesAsync(32, TestContext.Current.CancellationToken)).Value).DequeueCount);
    }
}
