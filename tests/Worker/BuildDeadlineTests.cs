using Ci.Pipeline.Builds;
using Ci.Pipeline.Worker;
using Microsoft.Extensions.Time.Testing;

namespace Ci.Tests.Worker;

/// <summary>When a build's patience runs out, to the second.</summary>
public sealed class BuildDeadlineTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly BuildDeadline _clock;

    public BuildDeadlineTests() => _clock = new BuildDeadline(
        new BuildOptions { TimeLimit = TimeSpan.FromMinutes(30), SilenceLimit = TimeSpan.FromMinutes(10), MaxOutputBytes = 1000 }, _time, CancellationToken.None);

    public void Dispose() => _clock.Dispose();

    [Fact]
    public void A_step_that_is_silent_for_its_limit_is_stopped_and_not_before()
    {
        _time.Advance(TimeSpan.FromMinutes(9.9));
        Assert.False(_clock.Token.IsCancellationRequested);

        _time.Advance(TimeSpan.FromMinutes(0.1));

        Assert.True(_clock.Token.IsCancellationRequested);
        Assert.Contains("Build__SilenceLimit", _clock.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_says_something_now_and_then_is_stopped_by_the_whole_builds_limit_alone()
    {
        for (var minute = 1; minute < 30; minute++)
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            _clock.ReportActivity(1);
        }

        Assert.False(_clock.Token.IsCancellationRequested);

        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.True(_clock.Token.IsCancellationRequested);
        Assert.Contains("Build__TimeLimit", _clock.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_says_too_much_is_stopped_at_once()
    {
        _clock.ReportActivity(1000);
        Assert.False(_clock.Token.IsCancellationRequested);

        _clock.ReportActivity(1);

        Assert.Contains("Build__MaxOutputBytes", _clock.Reason, StringComparison.Ordinal);
        Assert.True(_clock.Token.IsCancellationRequested);
    }
}
