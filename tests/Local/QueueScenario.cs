using System.Globalization;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Ci.Local.Queues;
using Ci.Local.Worker;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Local;

/// <summary>A storage account of its own, with queue <c>jobs</c> and hosts that work on it.</summary>
public sealed class QueueScenario : IAsyncDisposable
{
    private readonly List<TestHost> _hosts = [];

    private QueueScenario(string connection)
    {
        Connection = connection;
        Jobs = new QueueClient(connection, "jobs");
        Poison = new QueueClient(connection, "jobs-poison");
    }

    public string Connection { get; }

    /// <summary>What the functions of all hosts write down.</summary>
    public SampleFolder Samples { get; } = new();

    /// <summary>The queue, its texts as they are stored.</summary>
    public QueueClient Jobs { get; }

    public QueueClient Poison { get; }

    public static async Task<QueueScenario> StartAsync(Azurite azurite)
    {
        await azurite.StartAsync();
        var scenario = new QueueScenario(azurite.NewAccount());
        await scenario.Jobs.CreateAsync();
        return scenario;
    }

    /// <summary>host.json with short pauses and what a test adds to its queue settings.</summary>
    public static string HostJson(string queues = "", string? functionTimeout = null, string logLevel = "Information") =>
        $$$"""
        { "version": "2.0", "functionTimeout": "{{{functionTimeout ?? "00:05:00"}}}",
          "logging": { "logLevel": { "Queue": "{{{logLevel}}}" } },
          "extensions": { "queues": { {{{queues}}}{{{(queues.Length > 0 ? "," : "")}}} "maxPollingInterval": "00:00:00.100" } } }
        """;

    internal async Task<TestHost> HostAsync(
        string? hostJson = null, QueueTimes? times = null, WorkerTimes? workerTimes = null, TimeProvider? time = null,
        params string[] functions)
    {
        var host = await TestHost.StartAsync(
            functions.Length == 0 ? ["Jobs"] : functions,
            hostJson ?? HostJson(),
            new Dictionary<string, string?> { ["AzureWebJobsStorage"] = Connection },
            times,
            workerTimes,
            time,
            Samples);
        _hosts.Add(host);
        return host;
    }

    public Task SendAsync(string text) => Jobs.SendMessageAsync(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text)));

    public async Task SendAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await SendAsync(i.ToString(CultureInfo.InvariantCulture));
        }
    }

    public Task SeenAsync(int count) => Samples.UntilAsync("start", count, () => string.Join("\n", _hosts.SelectMany(host => host.Log)));

    /// <summary>Waits until no message is left, hidden ones included.</summary>
    public Task EmptyAsync() =>
        TestEnvironment.UntilAsync(
            async () => (await Jobs.GetPropertiesAsync()).Value.ApproximateMessagesCount == 0, "the queue to be empty");

    /// <summary>Waits for a message to be visible in the poison queue.</summary>
    public async Task<PeekedMessage> PoisonedAsync()
    {
        PeekedMessage? message = null;
        await TestEnvironment.UntilAsync(
            async () =>
            {
                message = await Poison.ExistsAsync() ? (await Poison.PeekMessageAsync()).Value : null;
                return message is not null;
            },
            "the poison queue");
        return message!;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.DisposeAsync();
        }

        Samples.Dispose();
    }
}
