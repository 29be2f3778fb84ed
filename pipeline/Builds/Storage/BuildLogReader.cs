using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;

namespace Ci.Pipeline.Builds.Storage;

/// <summary>Reads a log, as it grows, into records. It goes by lines that are complete.</summary>
public sealed class BuildLogReader
{
    private const int BufferSize = 64 << 10;

    /// <summary>How many bytes have become records: where to read on.</summary>
    public long Offset { get; private set; }

    public async IAsyncEnumerable<LogRecord> ReadAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: BufferSize, leaveOpen: true));
        try
        {
            for (var isEnd = false; !isEnd;)
            {
                var read = await reader.ReadAsync(cancellationToken);
                var rest = read.Buffer;
                while (rest.PositionOf((byte)'\n') is { } end)
                {
                    var line = rest.Slice(0, end);
                    rest = rest.Slice(rest.GetPosition(1, end));
                    Offset += line.Length + 1;
                    yield return LogRecord.Parse(line.IsSingleSegment ? line.FirstSpan : line.ToArray());
                }

                reader.AdvanceTo(rest.Start, rest.End);
                isEnd = read.IsCompleted;
            }
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    /// <summary>Writes a log as people read it, from a byte of that text on.</summary>
    public static async Task WriteTextAsync(Stream log, long offset, Stream output, CancellationToken cancellationToken)
    {
        var text = new ArrayBufferWriter<byte>(BufferSize);
        await foreach (var record in new BuildLogReader().ReadAsync(log, cancellationToken))
        {
            Encoding.UTF8.GetBytes(record.ToString(), text);
            text.Write("\n"u8);
            if (text.WrittenCount >= BufferSize)
            {
                await WriteAsync();
            }
        }

        await WriteAsync();

        async Task WriteAsync()
        {
            var skipped = (int)Math.Min(offset, text.WrittenCount);
            offset -= skipped;
            await output.WriteAsync(text.WrittenMemory[skipped..], cancellationToken);
            text.ResetWrittenCount();
        }
    }
}
