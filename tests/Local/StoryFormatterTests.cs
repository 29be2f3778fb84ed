using Ci.Local;
using Ci.Tests.Fixtures;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ci.Tests.Local;

/// <summary>What the local host prints while it builds.</summary>
public sealed class StoryFormatterTests : IDisposable
{
    private const string Builds = "Ci.Pipeline.BuildRunner";

    private readonly StringWriter _output = new() { NewLine = "\n" };

    public void Dispose() => _output.Dispose();

    [Fact]
    public void A_build_is_told_a_line_a_stage_by_the_pull_requests_name()
    {
        var formatter = Formatter(new Terminal(false, false, int.MaxValue));
        Tell(formatter);

        Assert.Equal(
            ["octo/shop#7  Begins with 0123456789ab", "octo/shop#7  Fetching source", "octo/shop#7  Building api, step build 2/9: RUN make", "octo/shop#7  ✓ Pushed localhost:83/api:pr-7 (1.1 MB)."],
            Lines());
    }

    [Fact]
    public void On_a_terminal_a_step_takes_the_place_of_the_one_before()
    {
        var formatter = Formatter(new Terminal(true, false, 80));
        Tell(formatter);

        Assert.Contains("RUN make\n\e[1A\e[2K", _output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("\e[1A", _output.ToString().Split("RUN make")[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_step_that_is_longer_than_the_line_is_cut()
    {
        Write(Formatter(new Terminal(true, false, 50)), Builds, "Step", LogLevel.Debug, ("BuildId", "b"), ("Image", "api"), ("Number", 1), ("Total", 2), ("Instruction", new string('x', 300)));

        Assert.All(_output.ToString().Split('\n'), line => Assert.True(line.Length < 50, line));
    }

    [Fact]
    public void Colours_are_for_terminals_that_want_them()
    {
        Tell(Formatter(new Terminal(true, true, 80)));
        Assert.Contains("\e[32m✓ Pushed", _output.ToString(), StringComparison.Ordinal);

        _output.GetStringBuilder().Clear();
        Tell(Formatter(new Terminal(false, false, 80)));
        Assert.DoesNotContain("\e", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_line_of_a_log_carries_its_trace()
    {
        const string trace = "0af7651916cd43dd8448eb211c80319c";
        var formatter = Formatter(new Terminal(false, false, int.MaxValue));
        Tell(formatter, ("TraceId", trace));
        Write(formatter, "Ci.Pipeline.DeliveryIntake", "Accepted", LogLevel.Information, ("Verdict", "queued"), ("TraceId", trace));

        Assert.Equal(5, Lines().Length);
        Assert.All(Lines(), line => Assert.EndsWith($" [trace {trace}]", line, StringComparison.Ordinal));
    }

    [Fact]
    public void A_step_that_goes_again_keeps_its_room()
    {
        Tell(Formatter(new Terminal(true, false, 80)), ("TraceId", "0af7651916cd43dd8448eb211c80319c"));

        Assert.Contains("step build 2/9: RUN make\n", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_people_wrote_does_not_steer_the_terminal()
    {
        Write(Formatter(new Terminal(true, false, 200)), Builds, "Finished", LogLevel.Information, ("BuildId", "b"), ("State", "Failed"), ("Summary", "\e]0;title\a\e[2Jgone"));

        Assert.EndsWith("b  ✗ ]0;title[2Jgone\n", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_host_says_of_its_own_doings_is_not_for_terminals()
    {
        Write(Formatter(new Terminal(true, false, 80)), "Queue", "Started", LogLevel.Information);
        Assert.Equal("", _output.ToString());

        Write(Formatter(new Terminal(true, false, 80)), "Queue", "Failed", LogLevel.Warning);
        Write(Formatter(new Terminal(false, false, 80)), "Queue", "Started", LogLevel.Information);
        Assert.Equal(["warn: Queue[1] the message", "info: Queue[1] the message"], Lines());
    }

    [Fact]
    public void Builds_that_are_told_of_at_the_same_time_keep_their_names()
    {
        var formatter = Formatter(new Terminal(false, false, int.MaxValue));

        Parallel.For(1, 20_000, number =>
        {
            using var output = new StringWriter();
            Write(formatter, output, Builds, "Started", LogLevel.Information, ("BuildId", $"b{number}"), ("Repository", "octo/shop"), ("PullRequest", number), ("Commit", "0123456789abcdef"));
            Write(formatter, output, Builds, "Finished", LogLevel.Information, ("BuildId", $"b{number}"), ("State", "Succeeded"), ("Summary", "Pushed."));
            Assert.EndsWith($" octo/shop#{number}  ✓ Pushed.", output.ToString().TrimEnd(), StringComparison.Ordinal);
        });
    }

    private static StoryFormatter Formatter(Terminal terminal) => new(terminal, new ManualTime());

    private void Tell(StoryFormatter formatter, params (string Key, object Value)[] more)
    {
        Write(formatter, Builds, "Started", LogLevel.Information, [("BuildId", "b"), ("Repository", "octo/shop"), ("PullRequest", 7), ("Commit", "0123456789abcdef"), .. more]);
        Write(formatter, Builds, "Stage", LogLevel.Information, [("BuildId", "b"), ("Words", "Fetching source"), .. more]);
        Write(formatter, Builds, "Step", LogLevel.Debug, [("BuildId", "b"), ("Image", "api"), ("Stage", "build"), ("Number", 2), ("Total", 9), ("Instruction", "RUN make"), .. more]);
        Write(formatter, Builds, "Finished", LogLevel.Information, [("BuildId", "b"), ("State", "Succeeded"), ("Summary", "Pushed localhost:83/api:pr-7 (1.1 MB)."), .. more]);
    }

    private void Write(StoryFormatter formatter, string category, string name, LogLevel level, params (string Key, object Value)[] values) =>
        Write(formatter, _output, category, name, level, values);

    private static void Write(StoryFormatter formatter, TextWriter output, string category, string name, LogLevel level, params (string Key, object Value)[] values)
    {
        IReadOnlyList<KeyValuePair<string, object?>> state = [.. values.Select(value => KeyValuePair.Create(value.Key, (object?)value.Value))];
        formatter.Write(new LogEntry<IReadOnlyList<KeyValuePair<string, object?>>>(level, category, new EventId(1, name), state, null, (_, _) => "the message"), null, output);
    }

    // Without the time that each begins with.
    private string[] Lines() => [.. _output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line["hh:mm:ss ".Length..])];
}
