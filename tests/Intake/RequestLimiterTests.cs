using System.Net;
using Ci.Pipeline.Intake;
using Microsoft.Extensions.Options;

namespace Ci.Tests.Intake;

public sealed class RequestLimiterTests
{
    [Fact]
    public void One_address_has_its_limit_and_another_its_own()
    {
        using var throttle = new RequestLimiter(Options.Create(new AccessOptions { RequestsPerMinute = 2 }));

        Assert.Equal([true, true, false], [throttle.Allows("a"), throttle.Allows("a"), throttle.Allows("a")]);
        Assert.True(throttle.Allows("b"));
    }

    [Fact]
    public void Only_failures_count_as_failures()
    {
        using var throttle = new RequestLimiter(Options.Create(new AccessOptions { FailuresPerMinute = 1 }));

        Assert.True(throttle.CanAttempt("a"));
        Assert.True(throttle.CanAttempt("a"));
        throttle.Failed("a");
        Assert.False(throttle.CanAttempt("a"));
    }

    [Theory]
    [InlineData("203.0.113.9", null, "203.0.113.9")]
    [InlineData("127.0.0.1", null, "127.0.0.1")]
    [InlineData("127.0.0.1", "198.51.100.1", "198.51.100.1")]
    [InlineData("::ffff:172.18.0.5", null, "172.18.0.5")]
    [InlineData("127.0.0.1", "nonsense", "127.0.0.1")]
    [InlineData("127.0.0.1", "6.6.6.6, 198.51.100.1", "127.0.0.1")]
    [InlineData("127.0.0.1", "", "127.0.0.1")]
    [InlineData("2001:db8:1:2:3::4", null, "20010db800010002")]
    [InlineData("127.0.0.1", "2001:db8:1:2:3::4", "20010db800010002")]
    public void The_source_is_the_address_that_the_tunnel_tells_or_the_connections(string connection, string? told, string source) =>
        Assert.Equal(source, RequestLimiter.SourceOf(IPAddress.Parse(connection), told));
}
