using System.Net;
using Ci.Pipeline.Access;
using Microsoft.Extensions.Options;

namespace Ci.Tests.Access;

public sealed class ThrottleTests
{
    [Fact]
    public void One_address_has_its_limit_and_another_its_own()
    {
        using var throttle = new Throttle(Options.Create(new AccessOptions { RequestsPerMinute = 2 }));

        Assert.Equal([true, true, false], [throttle.Allows("a"), throttle.Allows("a"), throttle.Allows("a")]);
        Assert.True(throttle.Allows("b"));
    }

    [Fact]
    public void Only_failures_count_as_failures()
    {
        using var throttle = new Throttle(Options.Create(new AccessOptions { FailuresPerMinute = 1 }));

        Assert.True(throttle.MayFail("a"));
        Assert.True(throttle.MayFail("a"));
        throttle.Failed("a");
        Assert.False(throttle.MayFail("a"));
    }

    [Theory]
    [InlineData("203.0.113.9", null, "203.0.113.9")]
    [InlineData("203.0.113.9", "198.51.100.1", "203.0.113.9")]
    [InlineData("127.0.0.1", null, "127.0.0.1")]
    [InlineData("127.0.0.1", "198.51.100.1", "198.51.100.1")]
    [InlineData("127.0.0.1", "198.51.100.1:52011", "198.51.100.1")]
    [InlineData("::ffff:172.18.0.5", "198.51.100.1, 172.18.0.4", "198.51.100.1")]
    [InlineData("127.0.0.1", "made-up, 198.51.100.1", "198.51.100.1")]
    [InlineData("127.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.3", "198.51.100.1")]
    [InlineData("127.0.0.1", "nonsense", "127.0.0.1")]
    [InlineData("2001:db8:1:2:3::4", null, "20010db800010002")]
    public void The_source_is_who_came_to_the_nearest_proxy_and_not_what_anybody_wrote(string connection, string? forwarded, string source) =>
        Assert.Equal(source, Throttle.SourceOf(IPAddress.Parse(connection), forwarded));
}
