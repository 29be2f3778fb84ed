using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Ci.Local;

/// <summary>
/// Prints what happens to builds as a story, a line a stage, and everything else as logs are printed. On a terminal a
/// Dockerfile's steps take each other's place, and what the host says of its own doings is left out.
/// </summary>
internal sealed class StoryFormatter(Terminal terminal, TimeProvider time) : ConsoleFormatter(FormatterName)
{
    /// <summary>Its name among the formatters.</summary>
    public const string FormatterName = "story";

    /// <summary>The category that tells of builds.</summary>
    public const string Builds = "Ci.Pipeline.BuildRunner";

    private const string Deliveries = "Ci.Pipeline.DeliveryIntake";
    private const string Dim = "\e[2m", Bold = "\e[1m", Green = "\e[32m", Red = "\e[31m", Yellow = "\e[33m", Off = "\e[0m";

    // Whoever logs formats, on a thread of its own.
    private readonly Lock _gate = new();
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);
    private bool _mayRewrite;

    /// <inheritdoc/>
    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        lock (_gate)
        {
            Tell(logEntry, textWriter);
        }
    }

    private void Tell<TState>(in LogEntry<TState> logEntry, TextWriter textWriter)
    {
        var values = logEntry.State as IReadOnlyList<KeyValuePair<string, object?>> ?? [];
        string Value(string key) => Convert.ToString(values.FirstOrDefault(value => value.Key == key).Value, CultureInfo.InvariantCulture) ?? "";
        var trace = Value("TraceId");
        switch (logEntry.Category, logEntry.EventId.Name)
        {
            case (Builds, "Started"):
                var name = _names[Value("BuildId")] = $"{Value("Repository")}#{Value("PullRequest")}";
                Line(textWriter, name, $"Begins with {Value("Commit")[..12]}", trace: trace);
                break;
            case (Builds, "Stage"):
                Line(textWriter, NameOf(Value("BuildId")), Value("Words"), trace: trace);
                break;
            case (Builds, "Step"):
                Step(textWriter, NameOf(Value("BuildId")), $"Building {Value("Image")}, step {$"{Value("Stage")} {Value("Number")}/{Value("Total")}".TrimStart()}: {Value("Instruction")}", trace);
                break;
            case (Builds, "Finished"):
                var (mark, colour) = Value("State") == "Succeeded" ? ("✓", Green) : ("✗", Red);
                Line(textWriter, NameOf(Value("BuildId")), $"{mark} {Value("Summary")}", colour, trace);
                _names.Remove(Value("BuildId"));
                break;
            case (Deliveries, "Accepted" or "NothingToDo"):
                Line(textWriter, "webhook", Value("Verdict"), trace: trace);
                break;
            case ("Queue" or "Function", _) when logEntry.LogLevel <= LogLevel.Information && terminal.CanRewrite:
                break;
            default:
                Other(textWriter, logEntry.LogLevel, logEntry.Category, logEntry.EventId.Id, logEntry.Formatter(logEntry.State, logEntry.Exception), logEntry.Exception);
                break;
        }
    }

    private string NameOf(string build) => _names.GetValueOrDefault(build, build);

    private void Line(TextWriter output, string name, string text, string colour = "", string trace = "")
    {
        Rewrite(output);
        output.WriteLine($"{Time()} {Paint(Bold, name)}  {Paint(colour, text.ReplaceLineEndings(" "))}{Trace(trace)}");
    }

    private void Step(TextWriter output, string name, string text, string trace)
    {
        if (!terminal.CanRewrite)
        {
            Line(output, name, text, trace: trace);
            return;
        }

        Rewrite(output);
        _mayRewrite = true;
        // A line that goes over the edge is two, and only one of them would be written anew.
        var room = Math.Max(10, terminal.Width - name.Length - "hh:mm:ss   ".Length - 1);
        var line = text.ReplaceLineEndings(" ");
        output.WriteLine($"{Time()} {Paint(Bold, name)}  {Paint(Dim, line.Length > room ? line[..(room - 1)] + "…" : line)}");
    }

    private void Other(TextWriter output, LogLevel level, string category, int id, string message, Exception? exception)
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
        output.WriteLine($"{Time()} {Paint(colour, word)}: {category}[{id.ToString(CultureInfo.InvariantCulture)}] {message.ReplaceLineEndings(" ")}{(exception is null ? "" : " " + exception.ToString().ReplaceLineEndings(" "))}");
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

    private string Trace(string trace) => trace.Length == 0 ? "" : Paint(Dim, $" [trace {trace}]");

    private string Paint(string colour, string text) => terminal.HasColours && colour.Length > 0 ? colour + Plain(text) + Off : Plain(text);

    // Titles and commands are anybody's words; they must not steer the terminal.
    private static string Plain(string text) => text.Any(char.IsControl) ? new string([.. text.Where(c => !char.IsControl(c) || c == '\t')]) : text;
}
