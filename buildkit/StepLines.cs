using System.Buffers;
using System.Text;

namespace Ci.BuildKit;

/// <summary>Puts a stream of one step together again: BuildKit cuts what a command prints anywhere, even within a character.</summary>
internal sealed class StepLines
{
    /// <summary>How much of a line is kept until it is given out although it has not ended, in bytes.</summary>
    private const int MaxLine = 64 << 10;

    private readonly ArrayBufferWriter<byte> _line = new();

    public List<string> Add(ReadOnlySpan<byte> piece)
    {
        var lines = new List<string>();
        for (int end; (end = piece.IndexOf((byte)'\n')) >= 0; piece = piece[(end + 1)..])
        {
            _line.Write(piece[..end]);
            lines.Add(Take());
        }

        _line.Write(piece);
        if (_line.WrittenCount > MaxLine)
        {
            lines.Add(Take());
        }

        return lines;
    }

    public string? Rest() => _line.WrittenCount > 0 ? Take() : null;

    private string Take()
    {
        var text = Encoding.UTF8.GetString(_line.WrittenSpan).TrimEnd('\r');
        _line.ResetWrittenCount();
        return text[(text.LastIndexOf('\r') + 1)..];
    }
}
