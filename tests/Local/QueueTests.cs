using Azure.Storage.Queues;
using Ci.Tests.Fixtures;
using Microsoft.Extensions.Time.Testing;

namespace Ci.Tests.Local;

/// <summary>How messages get from a queue to a function.</summary>
public sealed class QueueTests(Azurite azurite) : IAsyncLifetime
{
    private QueueScenario _scenario = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _scenario = await QueueScenario.StartAsync(azurite);

    public ValueTask DisposeAsync() => _scenario.DisposeAsync();

    [Fact]
    public async Task A_base64_message_arrives_as_text_and_is_deleted()
    {
        await _scenario.HostAsync();
        await _scenario.SendAsync("grüße");

        await _scenario.EmptyAsync();
        Assert.Equal(["grüße"], _scenario.Samples.Seen());
    }

    [Fact]
    public async Task With_encoding_none_a_message_arrives_as_it_is_stored()
    {
        await _scenario.HostAsync(QueueScenario.HostJson("\"messageEncoding\": \"none\""));
        await _scenario.Jobs.SendMessageAsync("Zm9v", Cancellation);

        await _scenario.EmptyAsync();
        Assert.Equal(["Zm9v"], _scenario.Samples.Seen());
    }

    [Fact]
    public async Task A_message_comes_as_text_bytes_or_object_and_with_what_the_queue_says_of_it()
    {
        var sent =
            new Dictionary<string, string> { ["bytes"] = "\u0001ab", ["pocos"] = """{ "Name": "tea", "Count": 3 }""", ["metadata"] = "m" };
        foreach (var (name, text) in sent)
        {
            var queue = new QueueClient(
                _scenario.Connection, name, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
            await queue.CreateAsync(cancellationToken: Cancellation);
            await queue.SendMessageAsync(text, Cancellation);
        }

        await _scenario.HostAsync(functions: ["Bytes", "Poco", "Metadata"]);

        await _scenario.SeenAsync(3);
        Assert.Equal("016162", Assert.Single(_scenario.Samples.Seen("Bytes")));
        Assert.Equal("3 of tea", Assert.Single(_scenario.Samples.Seen("Poco")));
        var metadata = _scenario.Samples.Events.Where(e => e.Function == "Metadata").ToDictionary(e => e.What, e => e.Detail);
        Assert.Equal(("1", "m"), (metadata["DequeueCount"], metadata["QueueTrigger"]));
        Assert.All(
            ["Id", "PopReceipt", "InsertionTime", "ExpirationTime", "NextVisibleTime"], (string name) => Assert.NotEmpty(metadata[name]));
    }

    [Theory]
    [InlineData("Elsewhere")]
    [InlineData("AzureWebJobsElsewhere")]
    [InlineData("ConnectionStrings:Elsewhere")]
    public async Task Settings_in_percent_signs_name_the_queue_and_the_connection_is_found_by_name(string connection)
    {
        var named = new QueueClient(
            _scenario.Connection, "nightly-jobs", new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        await named.CreateAsync(cancellationToken: Cancellation);
        await named.SendMessageAsync("named", Cancellation);

        await using var host = await TestHost.StartAsync(
            ["JobsByName"], settings: new() { ["Queues:Jobs"] = "Nightly", ["Suffix"] = "jobs", [connection] = _scenario.Connection },
            samples: _scenario.Samples);

        await _scenario.SeenAsync(1);
        Assert.Equal(["named"], _scenario.Samples.Seen());
    }

    [Fact]
    public async Task A_queue_may_come_later_than_the_host()
    {
        await _scenario.Jobs.DeleteAsync(Cancellation);
        var host = await _scenario.HostAsync();
        Assert.False(await _scenario.Jobs.ExistsAsync(Cancellation));

        await _scenario.Jobs.CreateAsync(cancellationToken: Cancellation);
        await _scenario.SendAsync("late");

        await _scenario.SeenAsync(1);
        Assert.DoesNotContain(host.Log, line => line.Contains("cannot be reached", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1, 0, 1, 2)]
    [InlineData(1, 1, 2, 3)]
    [InlineData(2, 1, 3, 4)]
    [InlineData(4, 0, 4, 4)]
    public async Task No_more_than_batchSize_and_newBatchThreshold_together_run_at_once(int batchSize, int threshold, int most, int begun)
    {
        // When the first has ended, as many are begun as can be while all others wait.
        await _scenario.SendAsync("wait first");
        foreach (var number in Enumerable.Range(1, 8))
        {
            await _scenario.SendAsync($"wait all {number}");
        }

        await _scenario.HostAsync(QueueScenario.HostJson($"\"batchSize\": {batchSize}, \"newBatchThreshold\": {threshold}"));
        await _scenario.SeenAsync(batchSize);
        _scenario.Samples.Open("first");
        await _scenario.SeenAsync(begun);
        _scenario.Samples.Open("all");

        await _scenario.EmptyAsync();
        Assert.Equal(9, _scenario.Samples.Seen().Distinct().Count());
        Assert.Equal(most, _scenario.Samples.Most);
    }

    [Fact]
    public async Task The_next_batch_waits_until_no_more_than_the_threshold_run()
    {
        await _scenario.SendAsync("wait marker");
        await _scenario.SendAsync(3);
        await _scenario.HostAsync(QueueScenario.HostJson("\"batchSize\": 2, \"newBatchThreshold\": 0"));

        await TestEnvironment.UntilAsync(async () => await VisibleAsync() == 2 && _scenario.Samples.Seen().Count == 2, "the first batch");
        _scenario.Samples.Open("marker");

        await _scenario.EmptyAsync();
        Assert.InRange(_scenario.Samples.Most, 1, 2);
    }

    [Fact]
    public async Task A_long_run_keeps_its_message_hidden_from_other_hosts()
    {
        await _scenario.SendAsync("pause 5000");

        // A message is hidden for two seconds at a time, and the work takes five.
        await _scenario.HostAsync(times: new() { Hidden = TimeSpan.FromSeconds(2) });
        await _scenario.HostAsync(times: new() { Hidden = TimeSpan.FromSeconds(2) });

        await _scenario.EmptyAsync();
        Assert.Single(_scenario.Samples.Seen());
    }

    [Fact]
    public async Task Two_hosts_share_a_queue_and_no_message_runs_twice()
    {
        await _scenario.HostAsync(QueueScenario.HostJson("\"batchSize\": 1, \"newBatchThreshold\": 0"));
        await _scenario.HostAsync(QueueScenario.HostJson("\"batchSize\": 1, \"newBatchThreshold\": 0"));

        // Both have to take some, for each of the first two waits until the other one runs.
        await _scenario.SendAsync("wait both 1");
        await _scenario.SendAsync("wait both 2");
        await _scenario.SendAsync(20);
        await _scenario.SeenAsync(2);
        _scenario.Samples.Open("both");

        await _scenario.EmptyAsync();
        Assert.Equal(22, _scenario.Samples.Seen().Distinct().Count());
        Assert.Equal(22, _scenario.Samples.Seen().Count);
        Assert.Equal(2, _scenario.Samples.Events.Where(e => e.What == "start").Select(e => e.Process).Distinct().Count());
    }

    [Fact]
    public async Task When_an_HTTP_function_has_ended_the_queues_are_looked_into_at_once()
    {
        // Time stands still: after its first, empty look the host never looks again by itself.
        var host = await _scenario.HostAsync(time: new FakeTimeProvider(), functions: ["Jobs", "Send"]);

        foreach (var message in (string[])["a", "b", "c"])
        {
            using var answer = await host.Http.PostAsync("api/send/jobs", new StringContent(message), Cancellation);
            Assert.True(answer.IsSuccessStatusCode);
            await _scenario.EmptyAsync();
        }

        Assert.Equal(["a", "b", "c"], _scenario.Samples.Seen("Jobs"));
    }

    [Fact]
    public async Task A_host_without_its_storage_goes_on_and_says_so()
    {
        await using var host = await TestHost.StartAsync(
            ["Jobs", "Guarded"],
            settings: new()
            {
                ["AzureWebJobsStorage"] = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=AAAA;"
                    + $"QueueEndpoint=http://127.0.0.1:{TestEnvironment.FreePort()}/a",
            });

        await host.UntilLoggedAsync("Queue jobs cannot be reached");
        Assert.Equal("in", await host.Http.GetStringAsync("api/guarded", Cancellation));
    }

    private async Task<int> VisibleAsync() => (await _scenario.Jobs.PeekMessagesAsync(32, Cancellation)).Value.Length;
}
