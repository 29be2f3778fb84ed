using Ci.Pipeline.Builds;
using Ci.Pipeline.Queue;
using Ci.Tests.Builds;
using Ci.Tests.Fixtures;
using Microsoft.Extensions.Options;

namespace Ci.Tests.Queue;

/// <summary>A repository's room in the queue: not looked up for each delivery, and not overrun either.</summary>
public sealed class QueueRoomTests(Azurite azurite)
{
    [Fact]
    public async Task Builds_that_come_at_once_do_not_overrun_it()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var room = Room(storage, 3);

        Assert.Equal([false, false, false, true, true], await LetInAsync(storage, room, 5));
    }

    [Fact]
    public async Task When_builds_have_begun_there_is_room_again()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var room = Room(storage, 2);
        Assert.Equal([false, false, true], await LetInAsync(storage, room, 3));

        await storage.Records.UpdateAsync("build-1", r => r with { State = BuildState.Running }, TestContext.Current.CancellationToken);

        Assert.False(await room.IsFullAsync(Request(9), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_another_host_let_in_is_seen_after_half_a_minute()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var (here, there) = (Room(storage, 10), Room(storage, 10));
        Assert.False(await here.IsFullAsync(Request(100), TestContext.Current.CancellationToken));
        await LetInAsync(storage, there, 10);

        storage.Time.Advance(TimeSpan.FromSeconds(31));

        Assert.True(await here.IsFullAsync(Request(101), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_look_at_all_builds_finds_what_another_host_let_in()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var (here, there) = (Room(storage, 10), Room(storage, 10));
        Assert.False(await here.IsFullAsync(Request(100), TestContext.Current.CancellationToken));
        await LetInAsync(storage, there, 10);

        await here.LookAsync(TestContext.Current.CancellationToken);

        Assert.True(await here.IsFullAsync(Request(101), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_look_at_all_builds_is_one_at_a_repository_of_which_none_is_known()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var (here, there) = (Room(storage, 10), Room(storage, 10));
        await here.LookAsync(TestContext.Current.CancellationToken);
        await LetInAsync(storage, there, 10);

        // Had it looked once more, it would say yes.
        Assert.False(await here.IsFullAsync(Request(101), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_is_let_in_after_a_look_at_all_builds_counts()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var room = Room(storage, 3);
        Assert.Equal([false], await LetInAsync(storage, room, 1));
        await room.LookAsync(TestContext.Current.CancellationToken);

        Assert.Equal([false, false, true], await LetInAsync(storage, room, 3, first: 2));
    }

    [Fact]
    public async Task What_is_not_stored_yet_when_all_builds_are_looked_at_counts()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var room = Room(storage, 2);
        Assert.False(await room.IsFullAsync(Request(1), TestContext.Current.CancellationToken));
        await room.LookAsync(TestContext.Current.CancellationToken);
        await storage.Records.TryAddAsync(Build.Queued(Request(1)), TestContext.Current.CancellationToken);

        Assert.Equal([false, true], await LetInAsync(storage, room, 2, first: 2));
    }

    private static QueueRoom Room(TestStorage storage, int most) => new(storage.Records, Options.Create(new BuildOptions { MaxQueued = most }), storage.Time);

    private static async Task<IReadOnlyList<bool>> LetInAsync(TestStorage storage, QueueRoom room, int count, int first = 1)
    {
        var full = new List<bool>();
        for (var i = first; i < first + count; i++)
        {
            full.Add(await room.IsFullAsync(Request(i), TestContext.Current.CancellationToken));
            if (!full[^1])
            {
                await storage.Records.TryAddAsync(Build.Queued(Request(i)), TestContext.Current.CancellationToken);
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
