using System.Collections.Concurrent;
using Azure.Storage.Queues;
using Ci.Local;
using Ci.Local.Queues;
using Ci.Tests.Fixtures;
using Microsoft.AspNetCore.Builder;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace Ci.Tests.Local;

/// <summary>Queue triggers on real Azurite, as the Functions host runs them.</summary>
public sealed class QueueListenerTests(Azurite azurite) : IAsyncLifetime
{
    private readonly Ran _ran = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("ci-host-").FullName;
    private string _connection = "";
    private QueueClient _queue = null!;
    private WebApplication? _app;

    public async ValueTask InitializeAsync()
    {
        await azurite.StartAsync();
        _connection = azurite.NewAccount();
        _queue = new QueueClient(_connection, "work", new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        await _queue.CreateAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_message_runs_the_function_once_and_is_gone()
    {
        await StartAsync();
        await _queue.SendMessageAsync("hello");

        await Parts.UntilAsync(() => Task.FromResult(_ran.Messages.Contains("hello")), "the function");
        await Parts.UntilAsync(async () => (await _queue.GetPropertiesAsync()).Value.ApproximateMessagesCount == 0, "the message to go");
        Assert.Single(_ran.Messages);
    }

    [Fact]
    public async Task A_message_that_fails_too_often_is_copied_as_it_is_to_the_poison_queue()
    {
        await StartAsync();
        await _queue.SendMessageAsync("fail");

        var poison = new QueueClient(_connection, "work-poison", new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        await Parts.UntilAsync(async () => await poison.ExistsAsync() && (await poison.PeekMessagesAsync()).Value is [{ MessageText: "fail" }], "the poison queue");
        Assert.Equal(3, _ran.Messages.Count);
    }

    [Fact]
    public async Task A_message_that_is_not_base64_goes_to_the_poison_queue_without_running()
    {
        await StartAsync();
        await new QueueClient(_connection, "work").SendMessageAsync("{ not base64 }");

        var poison = new QueueClient(_connection, "work-poison");
        await Parts.UntilAsync(async () => await poison.ExistsAsync() && (await poison.PeekMessagesAsync()).Value is [{ MessageText: "{ not base64 }" }], "the poison queue");
        Assert.Empty(_ran.Messages);
    }

    [Fact]
    public async Task Encoding_none_takes_messages_as_they_are()
    {
        await StartAsync(encoding: "none");
        await new QueueClient(_connection, "work").SendMessageAsync("{ plain }");

        await Parts.UntilAsync(() => Task.FromResult(_ran.Messages.Contains("{ plain }")), "the function");
    }

    [Fact]
    public async Task A_long_run_keeps_its_message_hidden_by_renewing()
    {
        await StartAsync(times: new QueueTimes { Hidden = TimeSpan.FromSeconds(2) });
        await _queue.SendMessageAsync("long");

        await Parts.UntilAsync(() => Task.FromResult(_ran.Finished.Contains("long")), "the long run");
        await Parts.UntilAsync(async () => (await _queue.GetPropertiesAsync()).Value.ApproximateMessagesCount == 0, "the message to go");
        Assert.Single(_ran.Messages);
    }

    [Fact]
    public async Task A_shutdown_cancels_the_function_and_its_message_comes_back()
    {
        await StartAsync(times: new QueueTimes { ShutdownGrace = TimeSpan.FromMilliseconds(100) });
        await _queue.SendMessageAsync("forever");
        await Parts.UntilAsync(() => Task.FromResult(_ran.Messages.Contains("forever")), "the function");

        await _app!.StopAsync();

        Assert.Contains("forever", _ran.Cancelled);
        Assert.Equal("forever", (await _queue.ReceiveMessageAsync()).Value.MessageText);
    }

    [Fact]
    public async Task No_more_than_batch_size_and_threshold_run_at_once()
    {
        await StartAsync(batch: """ "batchSize": 1, "newBatchThreshold": 1 """);
        for (var i = 0; i < 6; i++)
        {
            await _queue.SendMessageAsync("brief" + i);
        }

        await Parts.UntilAsync(() => Task.FromResult(_ran.Finished.Count == 6), "all messages");
        Assert.Equal(2, _ran.MostAtOnce);
    }

    [Theory]
    [InlineData(""" "batchSize": 33 """, "extensions.queues.batchSize is 33", "from 1 to 32")]
    [InlineData(""" "maxPollingInterval": "00:00:00.010" """, "maxPollingInterval", "00:00:00.1")]
    [InlineData(""" "messageEncoding": "rot13" """, "rot13", "base64")]
    [InlineData(""" "visibilityTimeout": 5 """, "visibilityTimeout is 5", "00:00:30")]
    public void A_wrong_host_json_names_key_value_and_what_is_allowed(string setting, string key, string allowed)
    {
        var e = Assert.Throws<HostException>(() => HostJson.Parse($$"""{ "version": "2.0", "extensions": { "queues": { {{setting}} } } }"""));

        Assert.Contains(key, e.Message, StringComparison.Ordinal);
        Assert.Contains(allowed, e.Message, StringComparison.OrdinalIgnoreCase);
    }

    private async Task StartAsync(string batch = """ "batchSize": 4, "newBatchThreshold": 1 """, string encoding = "base64", QueueTimes? times = null)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "host.json"), $$"""
            { "version": "2.0", "extensions": { "queues": { {{batch}}, "maxDequeueCount": 3, "maxPollingInterval": "00:00:00.100", "messageEncoding": "{{encoding}}" } } }
            """);
        (_app, _, _) = LocalHost.Build(new LocalHostOptions
        {
            Port = 0,
            ScriptRoot = _folder,
            FunctionTypes = [typeof(WorkFunction)],
            Settings = new Dictionary<string, string?> { ["AzureWebJobsStorage"] = _connection, ["QUEUE"] = "work" },
            QueueTimes = times ?? new QueueTimes(),
            Configure = (services, _) => services.AddSingleton(_ran),
        });
        await _app.StartAsync();
    }

    /// <summary>What ran.</summary>
    public sealed class Ran
    {
        private int _now;
        private int _most;

        public ConcurrentQueue<string> Messages { get; } = new();

        public ConcurrentQueue<string> Finished { get; } = new();

        public ConcurrentQueue<string> Cancelled { get; } = new();

        public int MostAtOnce => _most;

        public void Enter() => _most = Math.Max(_most, Interlocked.Increment(ref _now));

        public void Leave() => Interlocked.Decrement(ref _now);
    }

    /// <summary>A function that does what its message says.</summary>
    public sealed class WorkFunction(Ran ran)
    {
        [Function("Work")]
        public async Task RunAsync([QueueTrigger("%QUEUE%")] string message, CancellationToken cancellation)
        {
            ran.Messages.Enqueue(message);
            ran.Enter();
            try
            {
                await (message switch
                {
                    "fail" => throw new InvalidOperationException("It fails."),
                    "long" => Task.Delay(TimeSpan.FromSeconds(5), cancellation),
                    "forever" => Task.Delay(Timeout.Infinite, cancellation),
                    _ => Task.Delay(200, cancellation),
                });
                ran.Finished.Enqueue(message);
            }
            catch (OperationCanceledException)
            {
                ran.Cancelled.Enqueue(message);
                throw;
            }
            finally
            {
                ran.Leave();
            }
        }
    }
}
