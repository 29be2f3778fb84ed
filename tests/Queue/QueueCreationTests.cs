using System.Net;
using Azure.Storage.Queues;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Queue;
using Ci.Tests.Faults;
using Ci.Tests.Fixtures;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Ci.Tests.Queue;

public sealed class QueueCreationTests(Azurite azurite)
{
    private const int Nobody = 1;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_queue_is_created_as_soon_as_storage_is_there(bool hangs)
    {
        await azurite.StartAsync();
        var account = azurite.NewAccount();
        var queues = Azurite.Ports(account)[1];
        var (target, asked) = (hangs ? queues : Nobody, 0);
        await using var relay = new Relay(() =>
        {
            Interlocked.Increment(ref asked);
            return new IPEndPoint(IPAddress.Loopback, Volatile.Read(ref target));
        });
        relay.Delay = hangs ? TimeSpan.FromHours(1) : TimeSpan.Zero;
        var options = Options.Create(new StorageOptions { ConnectionString = account.Replace($":{queues}/", $":{relay.Port}/", StringComparison.Ordinal) });
        using var creation = new QueueCreation(new BuildQueue(options), TimeProvider.System, NullLogger<QueueCreation>.Instance);

        await creation.StartAsync(Cancellation);
        // The client itself asks three times; the fourth is another try.
        await TestEnvironment.UntilAsync(() => Task.FromResult(Volatile.Read(ref asked) > 3), "another try", () => $"Storage was asked {asked} times.");
        Volatile.Write(ref target, queues);
        relay.Delay = TimeSpan.Zero;
        await creation.ExecuteTask!.WaitAsync(TestEnvironment.Limit, Cancellation);

        Assert.True(await new QueueClient(account, BuildQueue.Name).ExistsAsync(Cancellation));
    }

    [Fact]
    public async Task The_end_does_not_wait_for_storage()
    {
        await using var relay = new Relay(() => new IPEndPoint(IPAddress.Loopback, Nobody));
        var options = Options.Create(new StorageOptions
        {
            ConnectionString = $"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=AAAA;QueueEndpoint=http://127.0.0.1:{relay.Port}/a;",
        });
        using var creation = new QueueCreation(new BuildQueue(options), TimeProvider.System, NullLogger<QueueCreation>.Instance);

        await creation.StartAsync(Cancellation);
        await creation.StopAsync(Cancellation).WaitAsync(TestEnvironment.Limit, Cancellation);

        Assert.True(creation.ExecuteTask!.IsCompleted);
        Assert.False(creation.ExecuteTask.IsFaulted);
    }
}
