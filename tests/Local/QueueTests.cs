using Azure.Storage.Queues;
using Ci.Pipeline.Queue;
using Ci.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;

namespace Ci.Tests.Local;

/// <summary>How messages get from a queue to a function.</summary>
public sealed class QueueTests(Azurite azurite) : IAsyncLifetime
{
    private QueueStory _story = null!;

    public async ValueTask InitializeAsync() => _story = await QueueStory.StartAsync(azurite);

    public ValueTask DisposeAsync() => _story.DisposeAsync();

    [Fact]
    public async Task A_base64_message_arrives_as_text_and_is_deleted()
    {
        await _story.HostAsync();
        await _story.SendAsync("grüße");

        await _story.EmptyAsync();
        Assert.Equal(["grüße"], _story.Work.Seen);
    }

    [Fact]
    public async Task With_encoding_none_a_message_arrives_as_it_is_stored()
    {
        await _story.HostAsync(QueueStory.HostJson("\"messageEncoding\": \"none\""));
        await _story.Jobs.SendMessageAsync("Zm9v", TestContext.Current.CancellationToken);

        await _story.EmptyAsync();
        Assert.Equal(["Zm9v"], _story.Work.Seen);
    }

    [Theory]
    [InlineData("Elsewhere")]
    [InlineData("AzureWebJobsElsewhere")]
    [InlineData("ConnectionStrings:Elsewhere")]
    public async Task Settings_in_percent_signs_name_the_queue_and_the_connection_is_found_by_name(string connection)
    {
        var named = new QueueClient(_story.Connection, "nightly-jobs", new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        await named.CreateAsync(cancellationToken: TestContext.Current.CancellationToken);
        await named.SendMessageAsync("named", TestContext.Current.CancellationToken);

        await using var host = await TestHost.StartAsync(
            [typeof(QueueSamples.ByName)],
            settings: new() { ["Queues:Jobs"] = "Nightly", ["Suffix"] = "jobs", [connection] = _story.Connection },
            services: s => s.AddSingleton(_story.Work));

        await _story.SeenAsync(1);
        Assert.Equal(["named"], _story.Work.Seen);
    }

    [Fact]
    public async Task A_queue_may_come_later_than_the_host()
    {
        await _story.Jobs.DeleteAsync(TestContext.Current.CancellationToken);
        var host = await _story.HostAsync();
        Assert.False(await _story.Jobs.ExistsAsync(TestContext.Current.CancellationToken));

        await _story.Jobs.CreateAsync(cancellationToken: TestContext.Current.CancellationToken);
        await _story.SendAsync("late");

        await _story.SeenAsync(1);
        Assert.DoesNotContain(host.Log, line => line.Contains("cannot be reached", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(1, 1, 2)]
    [InlineData(2, 1, 3)]
    [InlineData(4, 0, 4)]
    public async Task No_more_than_batchSize_and_newBatchThreshold_together_run_at_once(int batchSize, int threshold, int most)
    {
        // Some take longer, so that a batch does not end all at once.
        _story.Work.Do = (message, cancellation) => Task.Delay(message[0] % 2 == 0 ? 100 : 500, cancellation);
        await _story.SendAsync(9);

        await _story.HostAsync(QueueStory.HostJson($"\"batchSize\": {batchSize}, \"newBatchThreshold\": {threshold}"));

        await _story.EmptyAsync();
        Assert.Equal(9, _story.Work.Seen.Distinct().Count());
        Assert.Equal(most, _story.Work.Most);
    }

    [Fact]
    public async Task The_next_batch_waits_until_no_more_than_the_threshold_run()
    {
        var gate = new TaskCompletionSource();
        _story.Work.Do = (message, _) => message == "0" ? gate.Task : Task.CompletedTask;
        await _story.SendAsync(4);
        await _story.HostAsync(QueueStory.HostJson("\"batchSize\": 2, \"newBatchThreshold\": 0"));

        await Parts.UntilAsync(async () => await VisibleAsync() == 2 && _story.Work.Seen.Count == 2, "the first batch");
        gate.SetResult();

        await _story.EmptyAsync();
        // The second of a batch may be over before the first one begins; more than a batch never runs.
        Assert.InRange(_story.Work.Most, 1, 2);
    }

    [Fact]
    public async Task A_long_run_keeps_its_message_hidden_from_other_hosts()
    {
        var other = new Work();
        _story.Work.Do = other.Do = (_, cancellation) => Task.Delay(5000, cancellation);
        await _story.SendAsync("long");

        // A message is hidden for two seconds at a time, and the work takes five.
        await _story.HostAsync(times: new() { Hidden = TimeSpan.FromSeconds(2) });
        await _story.HostAsync(times: new() { Hidden = TimeSpan.FromSeconds(2) }, work: other);

        await _story.EmptyAsync();
        Assert.Single(_story.Work.Seen.Concat(other.Seen));
    }

    [Fact]
    public async Task Two_hosts_share_a_queue_and_no_message_runs_twice()
    {
        var other = new Work();
        _story.Work.Do = other.Do = (_, cancellation) => Task.Delay(50, cancellation);
        await _story.HostAsync(QueueStory.HostJson("\"batchSize\": 1, \"newBatchThreshold\": 0"));
        await _story.HostAsync(QueueStory.HostJson("\"batchSize\": 1, \"newBatchThreshold\": 0"), work: other);

        await _story.SendAsync(30);

        await _story.EmptyAsync();
        Assert.Equal(30, _story.Work.Seen.Concat(other.Seen).Distinct().Count());
        Assert.Equal(30, _story.Work.Seen.Count + other.Seen.Count);
        Assert.NotEmpty(_story.Work.Seen);
        Assert.NotEmpty(other.Seen);
    }

    [Fact]
    public async Task What_this_process_put_onto_the_queue_is_taken_without_waiting_for_the_next_look()
    {
        // Time stands still: after its first, empty look the host never looks again by itself.
        var (time, signal) = (new SteppedTime(), new QueueSignal());
        await using var host = await TestHost.StartAsync(
            [typeof(QueueSamples.Jobs)],
            QueueStory.HostJson(),
            new() { ["AzureWebJobsStorage"] = _story.Connection },
            s => s.AddSingleton(_story.Work).AddSingleton<TimeProvider>(time).AddSingleton(signal));

        foreach (var message in (string[])["a", "b", "c"])
        {
            await _story.SendAsync(message);
            signal.Tell("jobs");
            await _story.EmptyAsync();
        }

        Assert.Equal(["a", "b", "c"], _story.Work.Seen);
    }

    [Fact]
    public async Task A_host_without_its_storage_goes_on_and_says_so()
    {
        await using var host = await TestHost.StartAsync(
            [typeof(QueueSamples.Jobs), typeof(HttpSamples.Answers)],
            settings: new() { ["AzureWebJobsStorage"] = $"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=AAAA;QueueEndpoint=http://127.0.0.1:{Parts.FreePort()}/a" },
            services: s => s.AddSingleton(_story.Work));

        await Parts.UntilAsync(() => Task.FromResult(host.Log.Any(l => l.Contains("Queue jobs cannot be reached", StringComparison.Ordinal))), "the log");
        Assert.Equal("in", await host.Http.GetStringAsync("api/guarded", TestContext.Current.CancellationToken));
    }

    private async Task<int> VisibleAsync() => (await _story.Jobs.PeekMessagesAsync(32, TestContext.Current.CancellationToken)).Value.Length;
}
