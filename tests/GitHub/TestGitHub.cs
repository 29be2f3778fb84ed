using Ci.Pipeline.GitHub;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Ci.Tests.GitHub;

/// <summary>GitHub's client as a host has it, over whatever a test answers; its pauses take no time.</summary>
internal static class TestGitHub
{
    public static GitHubClient Client(HttpClient http, string token = "a-token", GitHubIdentity? identity = null, TimeProvider? time = null)
    {
        var options = Options.Create(new GitHubOptions { Token = token });
        time ??= new SkippedTime();
        return new GitHubClient(
            http,
            new GitHubApp(options, time, NullLogger<GitHubApp>.Instance),
            new GitHubRateLimits(time),
            identity ?? new GitHubIdentity("", token.Length > 0),
            options,
            time,
            NullLogger<GitHubClient>.Instance);
    }
}

/// <summary>A clock on which every pause is over at once, and counts.</summary>
internal sealed class SkippedTime : TimeProvider
{
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The pauses that there were.</summary>
    public List<TimeSpan> Pauses { get; } = [];

    public override DateTimeOffset GetUtcNow() => _now;

    public void Advance(TimeSpan time) => _now += time;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        lock (Pauses)
        {
            Pauses.Add(dueTime);
            _now += dueTime;
        }

        callback(state);
        return new Over();
    }

    private sealed class Over : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
