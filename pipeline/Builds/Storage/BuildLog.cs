using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using Azure.Storage.Blobs.Specialized;
using Ci.Pipeline.Text;

namespace Ci.Pipeline.Builds.Storage;

/// <summary>Writes a build's log: every line with the seconds since the build began. Lines are handed to a writer of its own, so that
/// a slow store never slows a build; disposing waits until all of it is stored.</summary>
public sealed partial class BuildLog : IAsyncDisposable
{
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
    private (StageKind Stage, string? Image)? _begun;
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

    public BuildSteps Steps { get; } = new();

    internal double Elapsed => _time.GetElapsedTime(_start).TotalSeconds;

    public void Begin(StageKind stage, string? image = null)
    {
        lock (_gate)
        {
            _begun = (stage, image);
        }
    }

    public void Line(string text)
    {
        Hear(text.Length);
        Add(new LogRecord { Time = Elapsed, Text = text });
    }

    /// <summary>Something was printed, wherever it is kept.</summary>
    internal void Hear(int characters) => _heard(characters);

    internal void Add(LogRecord record)
    {
        lock (_gate)
        {
            if (_begun is var (stage, image))
            {
                record = record with { Stage = stage, Image = image };
                _begun = null;
            }

            // Before it is cut, which could leave half a secret.
            record = record with { Time = Math.Round(record.Time ?? 0, 1), Text = Hide(record.Text), Step = Hide(record.Step) };
            if (record.Text?.Split('\n') is { Length: > 1 } lines)
            {
                Store(record with { Text = Cut(lines[0], MaxLineLength) });
                Array.ForEach(lines[1..], line => Store(record with { Text = Cut(line, MaxLineLength), Stage = null, Image = null }));
            }
            else
            {
                Store(record with { Text = Cut(record.Text, MaxLineLength) });
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _lines.Writer.TryComplete();
        }

        _closed.TrySetResult();
        await _writing;
    }

    [GeneratedRegex(@"\e\[[0-9;?]*[A-Za-z]")]
    private static partial Regex AnsiCodes();

    private static string? Cut(string? text, int length) => text?.Length > length ? text[..length] + " …" : text;

    private string? Hide(string? text) => text is null ? null : _mask.Hide(text);

    private BuildStep? Hide(BuildStep? step) =>
        step is null ? null : step with { Instruction = Cut(Hide(step.Instruction), MaxLineLength)! };

    private void Store(LogRecord record)
    {
        if (!record.IsDetail && !string.IsNullOrWhiteSpace(record.Line))
        {
            _tail.Enqueue(Cut(AnsiCodes().Replace(record.Line, ""), MaxTailLineLength)!);
            if (_tail.Count > TailLines)
            {
                _tail.Dequeue();
            }
        }

        _lines.Writer.TryWrite(record.ToJson());
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
            var last = new LogRecord { Text = $"… The log is longer than {MaxBytes >> 20} MiB; the rest is left out." };
            bytes = [.. bytes, .. Encoding.UTF8.GetBytes(last.ToJson())];
        }

        await _blob.AppendBlockAsync(new MemoryStream(bytes));
    }
}
