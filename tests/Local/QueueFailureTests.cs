using System.Diagnostics;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Local;

/// <summary>What becomes of a message whose function fails.</summary>
public sealed class QueueFailureTests(Azurite azurite) : IAsyncLifetime
{
    private QueueScenario _scenario = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _scenario = await QueueScenario.StartAsync(azurite);

    public ValueTask DisposeAsync() => _scenario.DisposeAsync();

    [Fact]
    public async Task It_is_tried_again_after_the_visibility_timeout()
    {
        await _scenario.SendAsync("throw-once");

        await _scenario.HostAsync(QueueScenario.HostJson("\"visibilityTimeout\": \"00:00:02\""));

        await _scenario.EmptyAsync();
        var tries = _scenario.Samples.Events.Where(e => e.What == "start").ToList();
        Assert.Equal(2, tries.Count);
        Assert.True(Stopwatch.GetElapsedTime(tries[0].At, tries[1].At) > TimeSpan.FromSeconds(1.5));
    }

    [Fact]
    public async Task After_maxDequeueCount_tries_it_is_in_the_poison_queue_as_it_was()
    {
        await _scenario.SendAsync("throw { \"a\": \"grüße\" }");

        var host = await _scenario.HostAsync(QueueScenario.HostJson("\"maxDequeueCount\": 3"));
        var poisoned = await _scenario.PoisonedAsync();
        await _scenario.EmptyAsync();

        Assert.Equal("throw { \"a\": \"grüße\" }", System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(poisoned.MessageText)));
        Assert.Equal(3, _scenario.Samples.Seen().Count);
        Assert.Single(host.Log, line => line.StartsWith("Error: Jobs failed on message", StringComparison.Ordinal)
            && line.Contains(", try 3: ", StringComparison.Ordinal) && line.TrimEnd().EndsWith("always", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Its_log_is_a_sentence_and_where_it_failed_is_for_who_debugs()
    {
        await _scenario.SendAsync("throw");

        var host = await _scenario.HostAsync(QueueScenario.HostJson("\"maxDequeueCount\": 1", logLevel: "Debug"));
        await _scenario.PoisonedAsync();

        Assert.DoesNotContain(host.Log, line =>
            !line.StartsWith("Debug", StringComparison.Ordinal) && line.Contains("   at ", StringComparison.Ordinal));
        Assert.Contains(host.Log, line =>
            line.StartsWith("Debug: Where message", StringComparison.Ordinal) && line.Contains("   at ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_poison_queues_own_function_gets_it()
    {
        // The second of them takes it as any other message.
        await _scenario.SendAsync("throw");

        await _scenario.HostAsync(QueueScenario.HostJson("\"maxDequeueCount\": 2"), functions: ["Jobs", "PoisonedJobs"]);

        await _scenario.SeenAsync(3);
        Assert.Equal(
            ["Jobs", "Jobs", "PoisonedJobs"], _scenario.Samples.Events.Where(e => e.What == "start").Take(3).Select(e => e.Function));
    }

    [Fact]
    public async Task What_fails_in_a_poison_queue_stays_hidden_there_and_is_tried_again_later_however_often()
    {
        await _scenario.Poison.CreateAsync(cancellationToken: Cancellation);
        await _scenario.Poison.SendMessageAsync(Convert.ToBase64String("throw"u8), Cancellation);

        await _scenario.HostAsync(
            QueueScenario.HostJson("\"maxDequeueCount\": 1"), times: new() { Hidden = TimeSpan.FromSeconds(2) },
            functions: ["PoisonedJobs"]);

        await _scenario.SeenAsync(3);
        Assert.All(_scenario.Samples.Seen("PoisonedJobs"), message => Assert.Equal("throw", message));
        Assert.Equal(1, (await _scenario.Poison.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task What_is_not_base64_goes_to_the_poison_queue_at_once_and_as_it_is()
    {
        await _scenario.Jobs.SendMessageAsync("{ not base64 }", Cancellation);
        await _scenario.SendAsync("good");

        await _scenario.HostAsync();

        Assert.Equal("{ not base64 }", (await _scenario.PoisonedAsync()).MessageText);
        await _scenario.EmptyAsync();
        Assert.Equal(["good"], _scenario.Samples.Seen());
    }

    [Fact]
    public async Task The_dequeue_count_survives_a_host_that_died_and_one_try_too_many_is_not_made()
    {
        await _scenario.SendAsync("deadly");
        for (var i = 0; i < 2; i++)
        {
            // A host that took the message and was killed.
            await TestEnvironment.UntilAsync(
                async () => (await _scenario.Jobs.ReceiveMessagesAsync(1, TimeSpan.FromSeconds(1))).Value.Length == 1, "the message");
        }

        await _scenario.HostAsync(QueueScenario.HostJson("\"maxDequeueCount\": 2"));

        Assert.Equal("ZGVhZGx5", (await _scenario.PoisonedAsync()).MessageText);
        await _scenario.EmptyAsync();
        Assert.Empty(_scenario.Samples.Seen());
    }

    [Theory]
    [InlineData("wait never")]
    [InlineData("return never")]
    public async Task A_run_beyond_functionTimeout_is_cancelled_and_is_a_failure_even_when_it_returns(string message)
    {
        await _scenario.SendAsync(message);

        var host = await _scenario.HostAsync(QueueScenario.HostJson("\"maxDequeueCount\": 2", functionTimeout: "00:00:01"));
        var worker = host.WorkerProcessId;

        await _scenario.PoisonedAsync();
        Assert.Equal(2, _scenario.Samples.Events.Count(e => e.What == "cancelled"));
        Assert.Contains(host.Log, line => line.Contains("functionTimeout, 00:00:01", StringComparison.Ordinal));
        Assert.Equal(worker, host.WorkerProcessId);
    }

    [Fact]
    public async Task A_run_that_does_not_heed_its_cancellation_ends_with_its_worker()
    {
        await _scenario.SendAsync("deaf never");

        var host = await _scenario.HostAsync(
            QueueScenario.HostJson("\"maxDequeueCount\": 1, \"batchSize\": 1, \"newBatchThreshold\": 0", functionTimeout: "00:00:01"));
        var worker = host.WorkerProcessId;
        await _scenario.PoisonedAsync();
        await _scenario.SendAsync("next");

        await _scenario.EmptyAsync();
        Assert.Equal(["deaf never", "next"], _scenario.Samples.Seen());
        Assert.NotEqual(worker, host.WorkerProcessId);
        Assert.False(RunningProcess.IsThere(worker));
    }

    [Fact]
    public async Task A_message_that_somebody_else_deleted_meanwhile_is_no_failure()
    {
        await _scenario.SendAsync("clear");

        var host = await _scenario.HostAsync();

        await host.UntilLoggedAsync("Jobs succeeded");
        await host.StopAsync();
        Assert.DoesNotContain(
            host.Log, line =>
                line.StartsWith("Error", StringComparison.Ordinal) || line.StartsWith("Warning: Queue", StringComparison.Ordinal));
    }
}
