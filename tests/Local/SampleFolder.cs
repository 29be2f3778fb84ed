using System.Text.Json;
using Ci.SampleApp;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Local;

/// <summary>What a test shares with its sample app: the app writes down there what happens, and waits for files that the test
/// makes.</summary>
public sealed class SampleFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ci-samples-");

    public string Path => _folder.FullName;

    /// <summary>All that happened so far in all workers, in order.</summary>
    public IReadOnlyList<SampleEvent> Events =>
        [.. _folder.GetFiles("events-*.jsonl").SelectMany(Read).OrderBy(@event => @event.At)];

    /// <summary>The messages, or whatever else the functions were called with, in order.</summary>
    public IReadOnlyList<string> Seen(string? function = null) =>
        [.. Events.Where(e => e.What == "start" && (function is null || e.Function == function)).Select(e => e.Detail)];

    /// <summary>How many calls ran at once, at most.</summary>
    public int Most
    {
        get
        {
            var (running, most) = (0, 0);
            foreach (var @event in Events)
            {
                running += @event.What switch { "start" => 1, "end" => -1, _ => 0 };
                most = Math.Max(most, running);
            }

            return most;
        }
    }

    /// <summary>Makes a file that functions wait for.</summary>
    public void Open(string marker) => File.WriteAllText(System.IO.Path.Combine(Path, marker), "");

    public Task UntilAsync(string what, int count = 1, Func<string>? onTimeout = null) => TestEnvironment.UntilAsync(
        () => Task.FromResult(Events.Count(e => e.What == what) >= count), $"{count} × {what}", onTimeout: onTimeout);

    public void Dispose() => _folder.Delete(recursive: true);

    private static IEnumerable<SampleEvent> Read(FileInfo file)
    {
        using var reader = new StreamReader(
            new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        // A line that is being written just now has no end yet.
        return [.. reader.ReadToEnd().Split('\n')[..^1].Select(line => JsonSerializer.Deserialize<SampleEvent>(line)!)];
    }
}
