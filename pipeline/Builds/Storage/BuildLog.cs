using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using Azure.Storage.Blobs.Specialized;
using Ci.Pipeline.Text;

namespace Ci.Pipeline.Builds.Storage;

/// <summary>
/// Writes a build's log: every line with the seconds since the build began. Lines are handed to a writer of its own,
/// so that a slow store never slows a build; disposing waits until all of it is stored.
/// </summary>
public sealed partial class BuildLog : IAsyncDisposable
{
    /// <summary>How many of the last lines are kept at hand for the report of a failure.</summary>
    public const int TailLines = 20;

    private const int MaxLineLength = 4096;
    // The tail is kept in the build's row, where a text may have 32,000 characters.
    private const int MaxTailLineLength = 500;
    private const long MaxBytes = 16 << 20;

    // An append blob takes 50,000 blocks; at one in half a second that is seven hours.
    private static readonly TimeSpan FlushInterval = TimeSpan.FromSeconds(0.5);

    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Queue<string> _tail = new();
    private readonly Lock _gate = new();
    private readonly AppendBlobClient _blob;
    private readonly SecretMask _mask;
    private readonly Action<int> _heard;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _writing;
    private long _bytes;

    internal BuildLog(AppendBlobClient blob, SecretMask mask, Action<int> heard, TimeProvider time)
    {
        _blob = blob;
        _mask = mask;
        _heard = heard;
        _time = time;
        _start = time.GetTimestamp();
        _writing = WriteAsync();
    }

    /// <summary>The last lines, oldest first, without their times.</summary>
    public IReadOnlyList<string> Tail
    {
        get
        {
            lock (_gate)
            {
                return [.. _tail];
            }
        }
    }

    /// <summary>The steps that the builder's output tells of.</summary>
    public BuildSteps Steps { get; } = new();

    /// <summary>How long it has been written.</summary>
    internal TimeSpan Elapsed => _time.GetElapsedTime(_start);

    /// <summary>Adds a line.</summary>
    public void Line(string text)
    {
        Hear(text.Length);
        Line(text, Elapsed);
    }

    /// <summary>Takes pieces apart into lines; what has no end yet stays in <paramref name="partial"/>.</summary>
    internal static void Split(string piece, StringBuilder partial, Action<string> line)
    {
        foreach (var c in piece)
        {
            if (c == '\n')
            {
                line(partial.ToString());
                partial.Clear();
            }
            else if (c != '\r' && partial.Length < MaxLineLength)
            {
                partial.Append(c);
            }
        }
    }

    /// <summary>Something was printed, wherever it is kept.</summary>
    internal void Hear(int length) => _heard(length);

    /// <summary>Adds a line that was printed at a time of its own.</summary>
    internal void Line(string text, TimeSpan at)
    {
        lock (_gate)
        {
            Add(text, at);
        }
    }

    /// <summary>Stores what is not stored yet.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _lines.Writer.TryComplete();
        }

        _closed.TrySetResult();
        await _writing;
    }

    // What the classic builder says of its own containers tells nobody why a build failed.
    [GeneratedRegex(@"^(?:\e\[[0-9;]*m)*(?: ---> |Removing intermediate container )")]
    private static partial Regex EngineNoise();

    [GeneratedRegex(@"\e\[[0-9;?]*[A-Za-z]")]
    private static partial Regex AnsiCodes();

    private void Add(string text, TimeSpan at)
    {
        // Before it is cut, which could leave half a secret.
        text = _mask.Hide(text);
        var line = text.Length > MaxLineLength ? text[..MaxLineLength] + " …" : text;
        if (!string.IsNullOrWhiteSpace(line) && !EngineNoise().IsMatch(line))
        {
            var plain = AnsiCodes().Replace(line, "");
            _tail.Enqueue(plain.Length > MaxTailLineLength ? plain[..MaxTailLineLength] + " …" : plain);
            if (_tail.Count > TailLines)
            {
                _tail.Dequeue();
            }
        }

        _lines.Writer.TryWrite(string.Create(CultureInfo.InvariantCulture, $"{at.TotalSeconds,7:F1}s  {line}\n"));
    }

    private async Task WriteAsync()
    {
        while (await _lines.Reader.WaitToReadAsync())
        {
            var block = new StringBuilder();
            // Within one block Azure takes 4 MiB; a line has at most 4 KiB of characters.
            while (block.Length < 512 << 10 && _lines.Reader.TryRead(out var line))
            {
                block.Append(line);
            }

            await AppendAsync(block.ToString());
            await Task.WhenAny(_closed.Task, Task.Delay(FlushInterval, _time));
        }
    }

    private async Task AppendAsync(string text)
    {
        if (_bytes > MaxBytes)
        {
            return;
        }

        var bytes = Encoding.UTF8.GetBytes(text);
        _bytes += bytes.Length;
        if (_bytes > MaxBytes)
        {
            bytes = [.. bytes, .. Encoding.UTF8.GetBytes($"… The log is longer than {MaxBytes >> 20} MiB; the rest is left out.\n")];
        }

        await _blob.AppendBlockAsync(new MemoryStream(bytes));
    }
}
