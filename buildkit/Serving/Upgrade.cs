using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;

namespace Ci.BuildKit.Serving;

/// <summary>Switches a connection to HTTP/2 without TLS (<c>Upgrade: h2c</c>, RFC 9110, 7.8). It is written by hand because <see
/// cref="HttpClient"/> puts a header's values on one line, and the engine wants a line for each method.</summary>
internal static class Upgrade
{
    /// <summary>The longest head of an answer that is read, in bytes; the engine's is a few hundred.</summary>
    private const int MaxHead = 16 << 10;

    /// <summary>Sends <c>POST /session</c>; what is read from the pipes afterwards is HTTP/2.</summary>
    /// <exception cref="BuildKitUnavailableException">The engine does not know sessions, or does not switch.</exception>
    /// <exception cref="EngineUnavailableException">The engine is in trouble.</exception>
    public static async Task<IDuplexPipe> SendAsync(
        Stream connection, IEnumerable<KeyValuePair<string, string>> headers, CancellationToken cancellationToken)
    {
        var pipes = new StreamPipes(connection);
        var head = new StringBuilder("POST /session HTTP/1.1\r\nHost: docker\r\nContent-Length: 0\r\n");
        head.Append("Connection: Upgrade\r\nUpgrade: h2c\r\n");
        foreach (var (name, value) in headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        await pipes.Output.WriteAsync(Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()), cancellationToken);
        var answer = await ReadHeadAsync(pipes.Input, cancellationToken);
        return answer.StartsWith("HTTP/1.1 101 ", StringComparison.Ordinal)
            ? pipes
            : throw Refused(answer.Split("\r\n")[0], await ReadBodyAsync(pipes.Input, answer, cancellationToken));
    }

    private static Exception Refused(string status, string body)
    {
        var words = $"The Docker engine opens no session, it answered \"{status}\"{(body.Length > 0 ? ": " + body : "")}";
        return status.StartsWith("HTTP/1.1 5", StringComparison.Ordinal)
            ? new EngineUnavailableException(words)
            : new BuildKitUnavailableException(words);
    }

    private static async Task<string> ReadHeadAsync(PipeReader input, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await input.ReadAsync(cancellationToken);
            if (HeadOf(read.Buffer) is { } head)
            {
                input.AdvanceTo(head.End);
                return head.Text;
            }

            if (read.IsCompleted || read.Buffer.Length > MaxHead)
            {
                throw new EngineUnavailableException("The Docker engine opens no session: what it answered is no HTTP.");
            }

            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static (string Text, SequencePosition End)? HeadOf(ReadOnlySequence<byte> buffer)
    {
        var reader = new SequenceReader<byte>(buffer);
        return reader.TryReadTo(out ReadOnlySequence<byte> head, "\r\n\r\n"u8)
            ? (Encoding.ASCII.GetString(head), reader.Position)
            : null;
    }

    private static async Task<string> ReadBodyAsync(PipeReader input, string head, CancellationToken cancellationToken)
    {
        const string Length = "Content-Length:";
        var line = head.Split("\r\n").FirstOrDefault(line => line.StartsWith(Length, StringComparison.OrdinalIgnoreCase));
        if (!int.TryParse(line?[Length.Length..], NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out var length)
            || length > MaxHead)
        {
            return "";
        }

        var read = await input.ReadAtLeastAsync(length, cancellationToken);
        return EngineAnswer.Message(Encoding.UTF8.GetString(read.Buffer));
    }
}

/// <summary>A stream's two directions as pipes. Completing them leaves the stream open.</summary>
internal sealed class StreamPipes(Stream stream) : IDuplexPipe
{
    // Each buffer is a write of its own to the connection; a context of some hundred megabytes goes through here.
    private const int BufferSize = 1 << 16;

    public PipeReader Input { get; } = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: BufferSize, leaveOpen: true));

    public PipeWriter Output { get; } =
        PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: BufferSize, leaveOpen: true));
}
