using Ci.Pipeline.Reporting;
using Microsoft.Extensions.Time.Testing;

namespace Ci.Tests.Reporting;

/// <summary>What is told on the way, how often, and that nothing of it comes behind the end.</summary>
public sealed class ProgressReporterTests
{
    private static readonly TimeSpan Pause = ProgressReporter.ShortestPause;

    private readonly FakeTimeProvider _time = new();
    private readonly List<string> _told = [];
    private string? _words = "one";

    [Fact]
    public async Task What_is_new_is_told_at_once_and_then_every_few_seconds()
    {
        await using var progress = Start();
        _words = "two";
        _time.Advance(Pause / 2);
        _words = "three";
        _time.Advance(Pause / 2);

        Assert.Equal(["one", "three"], _told);
    }

    [Fact]
    public async Task What_is_not_new_is_not_told_again()
    {
        await using var progress = Start();
        _time.Advance(Pause);
        _time.Advance(Pause);

        Assert.Equal(["one"], _told);
    }

    [Fact]
    public async Task After_the_end_nothing_is_told()
    {
        var progress = Start();
        await progress.DisposeAsync();
        _words = "late";
        _time.Advance(Pause);

        Assert.Equal(["one"], _told);
    }

    [Fact]
    public async Task The_end_waits_for_what_is_on_its_way()
    {
        var way = new TaskCompletionSource<bool>();
        var progress = new ProgressReporter(() => "one", _ => way.Task, _time);

        var end = progress.DisposeAsync().AsTask();
        var before = end.IsCompleted;
        way.SetResult(true);
        await end;

        Assert.False(before);
    }

    [Fact]
    public async Task A_listener_that_does_not_listen_is_told_nothing_more()
    {
        await using var progress = new ProgressReporter(() => _words, Refuse, _time);
        _words = "two";
        _time.Advance(Pause);

        Assert.Equal(["one"], _told);

        Task<bool> Refuse(string text)
        {
            _told.Add(text);
            return Task.FromResult(false);
        }
    }

    [Fact]
    public async Task Ten_hours_of_news_are_far_fewer_statuses_than_GitHub_keeps_of_a_commit()
    {
        var number = 0;
        await using var progress = new ProgressReporter(() => $"{number++}", Tell, _time);
        for (var second = 0; second < 36_000; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(_told.Count, 20, 100);
    }

    private ProgressReporter Start() => new(() => _words, Tell, _time);

    private Task<bool> Tell(string text)
    {
        _told.Add(text);
        return Task.FromResult(true);
    }
}
