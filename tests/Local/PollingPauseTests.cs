using Ci.Local.Queues;

namespace Ci.Tests.Local;

/// <summary>How long the listener waits before it looks into an empty queue again.</summary>
public sealed class PollingPauseTests
{
    [Fact]
    public void It_doubles_about_what_it_adds_to_100_ms_up_to_the_ceiling()
    {
        var pause = new PollingPause(TimeSpan.FromSeconds(2));

        Assert.Equal(100, pause.Next().TotalMilliseconds);
        foreach (var added in new[] { 100, 200, 400, 800, 1600 })
        {
            Assert.InRange(pause.Next().TotalMilliseconds, 100 + (0.8 * added), 100 + (1.2 * added));
        }

        Assert.Equal(2000, pause.Next().TotalMilliseconds);
        Assert.Equal(2000, pause.Next().TotalMilliseconds);
    }

    [Fact]
    public void A_message_begins_it_anew()
    {
        var pause = new PollingPause(TimeSpan.FromSeconds(1));
        for (var i = 0; i < 10; i++)
        {
            pause.Next();
        }

        pause.Reset();

        Assert.Equal(100, pause.Next().TotalMilliseconds);
    }

    [Fact]
    public void At_the_least_ceiling_it_is_always_100_ms()
    {
        var pause = new PollingPause(TimeSpan.FromMilliseconds(100));

        Assert.All(Enumerable.Range(0, 5), _ => Assert.Equal(100, pause.Next().TotalMilliseconds));
    }
}
