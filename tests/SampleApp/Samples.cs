using System.Diagnostics;
using System.Text.Json;

namespace Ci.SampleApp;

/// <summary>A folder that the app shares with a test: the app writes down what happens, one line an event, and waits for files
/// that the test makes. Setting <c>Samples__Folder</c> names it.</summary>
public sealed class Samples : IDisposable
{
    private readonly Lock _lock = new();
    private readonly string _folder;
    private readonly FileStream _events;

    private Samples(string folder)
    {
        _folder = folder;
        // A file for each process, so that no two write to one.
        _events = new FileStream(
            Path.Combine(folder, $"events-{Environment.ProcessId}.jsonl"), FileMode.Append, FileAccess.Write,
            FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
    }

    public static Samples FromEnvironment() =>
        new(Environment.GetEnvironmentVariable("Samples__Folder") ?? Directory.CreateTempSubdirectory("ci-samples-").FullName);

    /// <summary>Writes one event.</summary>
    public void Tell(string function, string what, string detail = "")
    {
        lock (_lock)
        {
            var line = JsonSerializer.SerializeToUtf8Bytes(
                new SampleEvent(Stopwatch.GetTimestamp(), Environment.ProcessId, function, what, detail));
            _events.Write([.. line, (byte)'\n']);
        }
    }

    /// <summary>Whether the test has made a file of this name.</summary>
    public bool Has(string name) => File.Exists(Path.Combine(_folder, name));

    /// <summary>Writes down that a function starts and ends, however it ends.</summary>
    public async Task RunAsync(string function, string detail, Func<Task> work)
    {
        Tell(function, "start", detail);
        try
        {
            await work();
        }
        finally
        {
            Tell(function, "end", detail);
        }
    }

    /// <summary>Waits for a file of this name, and writes down a cancellation that ends the wait.</summary>
    public async Task WaitAsync(string function, string name, string detail, CancellationToken cancellationToken)
    {
        try
        {
            while (!Has(name))
            {
                await Task.Delay(20, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            Tell(function, "cancelled", detail);
            throw;
        }
    }

    /// <summary>Waits for a file of this name, and goes on waiting when it is cancelled.</summary>
    public async Task WaitDeafAsync(string function, string name, string detail, CancellationToken cancellationToken)
    {
        await using var registration = cancellationToken.Register(() => Tell(function, "cancelled", detail));
        while (!Has(name))
        {
            await Task.Delay(20, CancellationToken.None);
        }
    }

    public void Dispose() => _events.Dispose();
}
