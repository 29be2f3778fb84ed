using System.Globalization;
using Ci.Local.Worker;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Ci.Local;

/// <summary>Prints what the app logs as lines to be read, and all else as logs are printed. Names of events decide how: of events
/// named <c>Progress</c> a terminal shows the last one only, <c>Succeeded</c> is green and <c>Failed</c> red. What the host says
/// of its own doings is left out on a terminal.</summary>
internal sealed class BuildConsoleFormatter(Terminal terminal, TimeProvider time) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "builds";

    private static readonly string[] Libraries = ["Azure.", "Microsoft.", "System."];

    private const string Dim = "\e[2m", Green = "\e[32m", Red = "\e[31m", Yellow = "\e[33m", Off = "\e[0m";

    // Whoever logs formats, on a thread of its own.
    private readonly Lock _lock = new();
    private bool _mayRewrite;

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        lock (_lock)
        {
            if (logEntry is { State: WorkerLogLine { Event: "Progress" } progress, LogLevel: <= LogLevel.Information })
            {
                Progress(textWriter, progress.Message);
            }
            // Without its category nobody would know whose line a library's is.
            else if (logEntry is { State: WorkerLogLine line, LogLevel: LogLevel.Information } && !IsLibrary(logEntry.Category))
            {
                Line(textWriter, line.Message, line.Event switch { "Succeeded" => Green, "Failed" => Red, _ => "" });
            }
            else if (!terminal.CanRewrite || logEntry.LogLevel > LogLevel.Information
                || logEntry.Category is not ("Host" or "Function" or "Queue"))
            {
                var message = logEntry.Formatter(logEntry.State, logEntry.Exception);
                Other(
                    textWriter, logEntry.LogLevel, $"{logEntry.Category}[{logEntry.EventId}]", $"{message} {logEntry.Exception}".TrimEnd());
            }
        }
    }

    private static bool IsLibrary(string category) => Libraries.Any(name => category.StartsWith(name, StringComparison.Ordinal));

    private void Line(TextWriter output, string text, string colour = "")
    {
        Rewrite(output);
        output.WriteLine($"{Time()} {Paint(colour, text.ReplaceLineEndings(" "))}");
    }

    private void Progress(TextWriter output, string text)
    {
        if (!terminal.CanRewrite)
        {
            Line(output, text);
            return;
        }

        Rewrite(output);
        _mayRewrite = true;
        // A line that goes over the edge is two, and only one of them would be written anew.
        var room = Math.Max(10, terminal.Width - "hh:mm:ss ".Length - 1);
        var line = text.ReplaceLineEndings(" ");
        output.WriteLine($"{Time()} {Paint(Dim, line.Length > room ? line[..(room - 1)] + "…" : line)}");
    }

    private void Other(TextWriter output, LogLevel level, string source, string message)
    {
        Rewrite(output);
        var (word, colour) = level switch
        {
            LogLevel.Critical => ("crit", Red),
            LogLevel.Error => ("fail", Red),
            LogLevel.Warning => ("warn", Yellow),
            LogLevel.Information => ("info", Dim),
            _ => ("dbug", Dim),
        };
        output.WriteLine($"{Time()} {Paint(colour, word)}: {source} {Plain(message.ReplaceLineEndings(" "))}");
    }

    private void Rewrite(TextWriter output)
    {
        if (_mayRewrite)
        {
            // One line up, and empty it.
            output.Write("\e[1A\e[2K");
            _mayRewrite = false;
        }
    }

    private string Time() => Paint(Dim, time.GetLocalNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture));

    private string Paint(string colour, string text) => terminal.HasColours && colour.Length > 0 ? colour + Plain(text) + Off : Plain(text);

    // Titles and commands are anybody's words; they must not steer the terminal.
    private static string Plain(string text) =>
        text.Any(char.IsControl) ? new string([.. text.Where(c => !char.IsControl(c) || c == '\t')]) : text;
}
