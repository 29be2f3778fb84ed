using System.Diagnostics;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Local;

/// <summary>What becomes of a message whose function fails.</summary>
public sealed class QueueFailureTests(Azurite azurite) : IAsyncLifetime
{
    private QueueStory _story = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _story = await QueueStory.StartAsync(azurite);

    public ValueTask DisposeAsync() => _story.DisposeAsync();

    [Fact]
    public async Task It_is_tried_again_after_the_visibility_timeout()
    {
        await _story.SendAsync("throw-once");

        await _story.HostAsync(QueueStory.HostJson("\"visibilityTimeout\": \"00:00:02\""));

        await _story.EmptyAsync();
        var tries = _story.Samples.Events.Where(e => e.What == "start").ToList();
        Assert.Equal(2, tries.Count);
        Assert.True(Stopwatch.GetElapsedTime(tries[0].At, tries[1].At) > TimeSpan.FromSeconds(1.5));
    }

    [Fact]
    public async Task After_maxDequeueCount_tries_it_is_in_the_poison_queue_as_it_was()
    {
        await _story.SendAsync("throw { \"a\": \"grüße\" }");

        var host = await _story.HostAsync(QueueStory.HostJson("\"maxDequeueCount\": 3"));
        var poisoned = await _story.PoisonedAsync();
        await _story.EmptyAsync();

        Assert.Equal("throw { \"a\": \"grüße\" }", System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(poisoned.MessageText)));
        Assert.Equal(3, _story.Samples.Seen().Count);
        Assert.Contains(host.Log, line =>
            line.StartsWith("Error: Jobs failed on message", StringComparison.Ordinal) && line.Contains("try 3 ", StringComparison.Ordinal) && line.Contains("always", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_poison_queues_own_function_gets_it()
    {
        // The second of them takes it as any other message.
        await _story.SendAsync("throw");

        await _story.HostAsync(QueueStory.HostJson("\"maxDequeueCount\": 2"), functions: ["Jobs", "PoisonedJobs"]);

        await _story.SeenAsync(3);
        Assert.Equal(["Jobs", "Jobs", "PoisonedJobs"], _story.Samples.Events.Where(e => e.What == "start").Take(3).Select(e => e.Function));
    }

    [Fact]
    public async Task What_fails_in_a_poison_queue_stays_hidden_there_and_is_tried_again_later_however_often()
    {
        await _story.Poison.CreateAsync(cancellationToken: Cancellation);
        await _story.Poison.SendMessageAsync(Convert.ToBase64String("throw"u8), Cancellation);

        await _story.HostAsync(QueueStory.HostJson("\"maxDequeueCount\": 1"), times: new() { Hidden = TimeSpan.FromSeconds(2) }, functions: ["PoisonedJobs"]);

        await _story.SeenAsync(3);
        Assert.All(_story.Samples.Seen("PoisonedJobs"), message => Assert.Equal("throw", message));
        Assert.Equal(1, (await _story.Poison.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task What_is_not_base64_goes_to_the_poison_queue_at_once_and_as_it_is()
    {
        await _story.Jobs.SendMessageAsync("{ not base64 }", Cancellation);
        await _story.SendAsync("good");

        await _story.HostAsync();

        Assert.Equal("{ not base64 }", (await _story.PoisonedAsync()).MessageText);
        await _story.EmptyAsync();
        Assert.Equal(["good"], _story.Samples.Seen());
    }

    [Fact]
    public async Task The_dequeue_count_survives_a_host_that_died_and_one_try_too_many_is_not_made()
    {
        await _story.SendAsync("deadly");
        for (var i = 0; i < 2; i++)
        {
            // A host that took the message and was killed.
            await TestEnvironment.UntilAsync(async () => (await _story.Jobs.ReceiveMessagesAsync(1, TimeSpan.FromSeconds(1))).Value.Length == 1, "the message");
        }

        await _story.HostAsync(QueueStory.HostJson("\"maxDequeueCount\": 2"));

        Assert.Equal("ZGVhZGx5", (await _story.PoisonedAsync()).MessageText);
        await _story.EmptyAsync();
        Assert.Empty(_story.Samples.Seen());
    }

    [Theory]
    [InlineData("wait never")]
    [InlineData("return never")]
    public async Task A_run_beyond_functionTimeout_is_cancelled_and_is_a_failure_even_when_it_returns(string message)
    {
        await _story.SendAsync(message);

        var host = await _story.HostAsync(QueueStory.HostJson("\"maxDequeueCount\": 2", functionTimeout: "00:00:01"));
        var worker = host.WorkerProcessId;

        await _story.PoisonedAsync();
        Assert.Equal(2, _story.Samples.Events.Count(e => e.What == "cancelled"));
        Assert.Contains(host.Log, line => line.Contains("functionTimeout, 00:00:01", StringComparison.Ordinal));
        Assert.Equal(worker, host.WorkerProcessId);
    }

    [Fact]
    public async Task A_run_that_does_not_heed_its_cancellation_ends_with_its_worker()
    {
        await _story.SendAsync("deaf never");

        var host = await _story.HostAsync(
            QueueStory.HostJson("\"maxDequeueCount\": 1, \"batchSize\": 1, \"newBatchThreshold\": 0", functionTimeout: "00:00:01"));
        var worker = host.WorkerProcessId;
        await _story.PoisonedAsync();
        await _story.SendAsync("next");

        await _story.EmptyAsync();
        Assert.Equal(["deaf never", "next"], _story.Samples.Seen());
        Assert.NotEqual(worker, host.WorkerProcessId);
        Assert.False(RunningProcess.IsThere(worker));
    }

    [Fact]
    public async Task A_message_that_somebody_else_deleted_meanwhile_is_no_failure()
    {
        await _story.SendAsync("clear");

        var host = await _story.HostAsync();

        await host.UntilLoggedAsync("Jobs succeeded");
        await host.StopAsync();
        Assert.DoesNotContain(host.Log, line => line.StartsWith("Error", StringComparison.Ordinal) || line.StartsWith("Warning: Queue", StringComparison.Ordinal));
    }
}
