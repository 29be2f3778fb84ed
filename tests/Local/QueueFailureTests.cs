using System.Diagnostics;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Local;

/// <summary>What becomes of a message whose function fails.</summary>
public sealed class QueueFailureTests(Azurite azurite) : IAsyncLifetime
{
    private QueueStory _story = null!;

    public async ValueTask InitializeAsync() => _story = await QueueStory.StartAsync(azurite);

    public ValueTask DisposeAsync() => _story.DisposeAsync();

    [Fact]
    public async Task It_is_tried_again_after_the_visibility_timeout()
    {
        var clock = Stopwatch.StartNew();
        var tries = new List<TimeSpan>();
        _story.Work.Do = (_, _) =>
        {
            tries.Add(clock.Elapsed);
            return tries.Count == 1 ? throw new InvalidOperationException("once") : Task.CompletedTask;
        };
        await _story.SendAsync("again");

        await _story.HostAsync(QueueStory.HostJson("\"visibilityTimeout\": \"00:00:02\""));

        await _story.EmptyAsync();
        Assert.InRange(tries[1] - tries[0], TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task After_maxDequeueCount_tries_it_is_in_the_poison_queue_as_it_was()
    {
        _story.Work.Do = (_, _) => throw new InvalidOperationException("always");
        await _story.SendAsync("{ \"a\": \"grüße\" }");

        var host = await _story.HostAsync(QueueStory.HostJson("\"maxDequeueCount\": 3"));
        var poisoned = await _story.PoisonedAsync();
        await _story.EmptyAsync();

        Assert.Equal("{ \"a\": \"grüße\" }", System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(poisoned.MessageText)));
        Assert.Equal(3, _story.Work.Seen.Count);
        Assert.Contains(host.Log, line => line.StartsWith("Error: Jobs failed on message", StringComparison.Ordinal) && line.EndsWith("try 3 always", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_poison_queues_own_function_gets_it()
    {
        _story.Work.Do = (message, _) => message == "bad" ? throw new InvalidOperationException("always") : Task.CompletedTask;
        await _story.SendAsync("bad");

        await _story.HostAsync(QueueStory.HostJson("\"maxDequeueCount\": 2"), functions: [typeof(QueueSamples.Jobs), typeof(QueueSamples.PoisonedJobs)]);

        await _story.SeenAsync(3);
        Assert.Equal(["bad", "bad", "poison: bad"], _story.Work.Seen);
    }

    [Fact]
    public async Task What_fails_in_a_poison_queue_stays_hidden_there_and_is_tried_again_later_however_often()
    {
        await _story.Poison.CreateAsync(cancellationToken: TestContext.Current.CancellationToken);
        await _story.Poison.SendMessageAsync("YmFk", TestContext.Current.CancellationToken);
        _story.Work.Do = (_, _) => throw new InvalidOperationException("always");

        await _story.HostAsync(
            QueueStory.HostJson("\"maxDequeueCount\": 1"), times: new() { Hidden = TimeSpan.FromSeconds(2) }, functions: [typeof(QueueSamples.PoisonedJobs)]);

        await _story.SeenAsync(3);
        Assert.All(_story.Work.Seen, message => Assert.Equal("poison: bad", message));
        Assert.Equal(1, (await _story.Poison.GetPropertiesAsync(TestContext.Current.CancellationToken)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task What_is_not_base64_goes_to_the_poison_queue_at_once_and_as_it_is()
    {
        await _story.Jobs.SendMessageAsync("{ not base64 }", TestContext.Current.CancellationToken);
        await _story.SendAsync("good");

        await _story.HostAsync();

        Assert.Equal("{ not base64 }", (await _story.PoisonedAsync()).MessageText);
        await _story.EmptyAsync();
        Assert.Equal(["good"], _story.Work.Seen);
    }

    [Fact]
    public async Task The_dequeue_count_survives_a_host_that_died_and_one_try_too_many_is_not_made()
    {
        await _story.SendAsync("deadly");
        for (var i = 0; i < 2; i++)
        {
            // A host that took the message and was killed.
            await Parts.UntilAsync(async () => (await _story.Jobs.ReceiveMessagesAsync(1, TimeSpan.FromSeconds(1))).Value.Length == 1, "the message");
        }

        await _story.HostAsync(QueueStory.HostJson("\"maxDequeueCount\": 2"));

        Assert.Equal("ZGVhZGx5", (await _story.PoisonedAsync()).MessageText);
        await _story.EmptyAsync();
        Assert.Empty(_story.Work.Seen);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_run_beyond_functionTimeout_is_cancelled_and_is_a_failure_even_when_it_returns(bool throws)
    {
        _story.Work.Do = async (_, cancellation) =>
        {
            var cancelled = new TaskCompletionSource();
            await using var registration = cancellation.Register(cancelled.SetResult);
            await cancelled.Task;
            if (throws)
            {
                cancellation.ThrowIfCancellationRequested();
            }
        };
        await _story.SendAsync("slow");

        var host = await _story.HostAsync(QueueStory.HostJson("\"maxDequeueCount\": 2", functionTimeout: "00:00:01"));

        await _story.PoisonedAsync();
        Assert.Equal(2, _story.Work.Seen.Count);
        Assert.Contains(host.Log, line => line.Contains("functionTimeout, 00:00:01", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_run_that_does_not_heed_its_cancellation_is_left_behind()
    {
        var never = new TaskCompletionSource();
        _story.Work.Do = (message, _) => message == "deaf" ? never.Task : Task.CompletedTask;
        await _story.SendAsync("deaf");

        await _story.HostAsync(
            QueueStory.HostJson("\"maxDequeueCount\": 1, \"batchSize\": 1, \"newBatchThreshold\": 0", functionTimeout: "00:00:01"),
            times: new() { CancelPatience = TimeSpan.FromMilliseconds(500) });
        await _story.PoisonedAsync();
        await _story.SendAsync("next");

        await _story.EmptyAsync();
        Assert.Equal(["deaf", "next"], _story.Work.Seen);
        never.SetResult();
    }

    [Fact]
    public async Task A_message_that_somebody_else_deleted_meanwhile_is_no_failure()
    {
        _story.Work.Do = async (_, cancellation) => await _story.Jobs.ClearMessagesAsync(cancellation);
        await _story.SendAsync("gone");

        var host = await _story.HostAsync();

        await Parts.UntilAsync(() => Task.FromResult(host.Log.Any(l => l.Contains("Jobs succeeded", StringComparison.Ordinal))), "the log");
        await host.StopAsync();
        Assert.DoesNotContain(host.Log, line => line.StartsWith("Error", StringComparison.Ordinal) || line.StartsWith("Warning", StringComparison.Ordinal));
    }
}
