using Ci.Pipeline;
using Ci.Pipeline.Queue;
using Ci.Pipeline.Report;
using Ci.Pipeline.Webhook;
using Ci.Tests.Fixtures;
using Ci.Tests.Report;
using Microsoft.Extensions.Options;

namespace Ci.Tests.Queue;

/// <summary>A repository's room in the queue: not looked up for each delivery, and not overrun either.</summary>
public sealed class QueueRoomTests(Azurite azurite)
{
    [Fact]
    public async Task Builds_that_come_at_once_do_not_overrun_it()
    {
        var storage = await Storage.StartAsync(azurite);
        var room = Room(storage, 3);

        Assert.Equal([false, false, false, true, true], await LetInAsync(storage, room, 5));
    }

    [Fact]
    public async Task When_builds_have_begun_there_is_room_again()
    {
        var storage = await Storage.StartAsync(azurite);
        var room = Room(storage, 2);
        Assert.Equal([false, false, true], await LetInAsync(storage, room, 3));

        await storage.Records.UpdateAsync("build-1", r => r with { State = BuildState.Running }, TestContext.Current.CancellationToken);

        Assert.False(await room.IsFullAsync(Request(9), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_another_host_let_in_is_seen_after_half_a_minute()
    {
        var storage = await Storage.StartAsync(azurite);
        var (here, there) = (Room(storage, 10), Room(storage, 10));
        Assert.False(await here.IsFullAsync(Request(100), TestContext.Current.CancellationToken));
        await LetInAsync(storage, there, 10);

        storage.Time.Advance(TimeSpan.FromSeconds(31));

        Assert.True(await here.IsFullAsync(Request(101), TestContext.Current.CancellationToken));
    }

    private static QueueRoom Room(Storage storage, int most) => new(storage.Records, Options.Create(new BuildOptions { MaxQueued = most }), storage.Time);

    private static async Task<IReadOnlyList<bool>> LetInAsync(Storage storage, QueueRoom room, int count)
    {
        var full = new List<bool>();
        for (var i = 1; i <= count; i++)
        {
            full.Add(await room.IsFullAsync(Request(i), TestContext.Current.CancellationToken));
            if (!full[^1])
            {
                await storage.Records.TryAddAsync(BuildRecord.Queued(Request(i)), TestContext.Current.CancellationToken);
            }
        }

        return full;
    }

    private static BuildRequest Request(int number) => new()
    {
        BuildId = $"build-{number}",
        Purpose = BuildPurpose.PullRequest,
        Repository = "octo/hello",
        PullRequest = number,
        Commit = number.ToString("x40", System.Globalization.CultureInfo.InvariantCulture),
        Title = "A change",
        Url = "https://github.com/octo/hello/pull/1",
        Author = "octo",
        HeadRef = "feature",
        BaseRef = "main",
        UpdatedAt = DateTimeOffset.UnixEpoch,
        Delivery = "",
        QueuedAt = DateTimeOffset.UnixEpoch,
    };
}
