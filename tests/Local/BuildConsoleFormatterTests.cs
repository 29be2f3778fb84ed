using Ci.Local;
using Ci.Local.Worker;
using Ci.Tests.Fixtures;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ci.Tests.Local;

/// <summary>What the local host prints while the app works.</summary>
public sealed class BuildConsoleFormatterTests : IDisposable
{
    private const string App = "The.App";

    private readonly StringWriter _output = new() { NewLine = "\n" };

    public void Dispose() => _output.Dispose();

    [Fact]
    public void What_the_app_logs_is_a_line_without_category_and_event()
    {
        var formatter = Formatter(new Terminal(false, false, int.MaxValue));
        Build(formatter);

        Assert.Equal(
            ["octo/shop#7  Begins with 0123456789ab", "octo/shop#7  Building api, step build 2/9: RUN make", "octo/shop#7  ✓ Pushed "
                + "localhost:83/api:pr-7 (1.1 MB)."],
            Lines());
    }

    [Fact]
    public void Its_warnings_are_printed_as_logs_are()
    {
        Write(
            Formatter(new Terminal(true, false, 80)), "Interrupted", LogLevel.Warning, "Storage is away",
            new InvalidOperationException("the cause"));

        Assert.Equal(["warn: The.App[Interrupted] Storage is away System.InvalidOperationException: the cause"], Lines());
    }

    [Fact]
    public void On_a_terminal_progress_takes_the_place_of_the_progress_before()
    {
        var formatter = Formatter(new Terminal(true, false, 80));
        Build(formatter);

        Assert.Contains("RUN make\n\e[1A\e[2K", _output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("\e[1A", _output.ToString().Split("RUN make")[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_that_is_longer_than_the_line_is_cut()
    {
        Write(Formatter(new Terminal(true, false, 50)), "Progress", LogLevel.Debug, new string('x', 300));

        Assert.All(_output.ToString().Split('\n'), line => Assert.True(line.Length < 50, line));
    }

    [Theory]
    [InlineData("Succeeded", "\e[32m")]
    [InlineData("Failed", "\e[31m")]
    public void Colours_are_for_terminals_that_want_them(string name, string colour)
    {
        Write(Formatter(new Terminal(true, true, 80)), name, LogLevel.Information, "octo/shop#7  ended");
        Assert.Contains($"{colour}octo/shop#7  ended\e[0m", _output.ToString(), StringComparison.Ordinal);

        _output.GetStringBuilder().Clear();
        Write(Formatter(new Terminal(false, false, 80)), name, LogLevel.Information, "octo/shop#7  ended");
        Assert.DoesNotContain("\e", _output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(LogLevel.Information, "Failed", "gone")]
    [InlineData(LogLevel.Information, "Progress", "gone")]
    [InlineData(LogLevel.Warning, "Refused", "gone")]
    public void What_people_wrote_does_not_steer_the_terminal(LogLevel level, string name, string text)
    {
        Write(
            Formatter(new Terminal(true, false, 200)), name, level, "\e]0;title\a\e[2J" + text, new InvalidOperationException("\e[31mred"));

        Assert.DoesNotContain('\e', _output.ToString());
        Assert.DoesNotContain('\a', _output.ToString());
        Assert.Contains("]0;title[2Jgone", _output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Queue")]
    [InlineData("Function")]
    [InlineData("Host")]
    public void What_the_host_says_of_its_own_doings_is_not_for_terminals(string category)
    {
        WriteOwn(Formatter(new Terminal(true, false, 80)), category, LogLevel.Information);
        Assert.Equal("", _output.ToString());

        WriteOwn(Formatter(new Terminal(true, false, 80)), category, LogLevel.Warning);
        WriteOwn(Formatter(new Terminal(false, false, 80)), category, LogLevel.Information);
        Assert.Equal([$"warn: {category}[Started] the message", $"info: {category}[Started] the message"], Lines());
    }

    [Fact]
    public void Lines_of_many_threads_do_not_mix()
    {
        var formatter = Formatter(new Terminal(false, false, int.MaxValue));

        Parallel.For(1, 20_000, number =>
        {
            using var output = new StringWriter();
            Write(formatter, output, "Started", LogLevel.Information, $"octo/shop#{number}  Begins");
            Assert.EndsWith($" octo/shop#{number}  Begins", output.ToString().TrimEnd(), StringComparison.Ordinal);
        });
    }

    private static BuildConsoleFormatter Formatter(Terminal terminal) => new(terminal, new ManualTime());

    private void Build(BuildConsoleFormatter formatter)
    {
        Write(formatter, "Started", LogLevel.Information, "octo/shop#7  Begins with 0123456789ab");
        Write(formatter, "Progress", LogLevel.Debug, "octo/shop#7  Building api, step build 2/9: RUN make");
        Write(formatter, "Succeeded", LogLevel.Information, "octo/shop#7  ✓ Pushed localhost:83/api:pr-7 (1.1 MB).");
    }

    private void Write(BuildConsoleFormatter formatter, string name, LogLevel level, string message, Exception? exception = null) =>
        Write(formatter, _output, name, level, message, exception);

    private static void Write(
        BuildConsoleFormatter formatter, TextWriter output, string name, LogLevel level, string message, Exception? exception = null) =>
        formatter.Write(
            new LogEntry<WorkerLogLine>(level, App, new EventId(0, name), new WorkerLogLine(name, message), exception,
                (line, _) => line.Message), null, output);

    private void WriteOwn(BuildConsoleFormatter formatter, string category, LogLevel level) =>
        formatter.Write(
            new LogEntry<string>(level, category, new EventId(1, "Started"), "the message", null, (text, _) => text), null, _output);

    // Without the time that each begins with.
    private string[] Lines() =>
        [.. _output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line["hh:mm:ss ".Length..])];
}
