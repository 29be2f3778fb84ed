using Ci.Pipeline.Source.Archive;

namespace Ci.Web.Pages;

/// <summary>The first bytes of another stream.</summary>
internal sealed class FirstBytes(Stream inner, long count) : ReadOnlyStream
{
    private long _left = count;

    public override int Read(Span<byte> buffer)
    {
        var read = inner.Read(buffer[..(int)Math.Min(buffer.Length, _left)]);
        _left -= read;
        return read;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer[..(int)Math.Min(buffer.Length, _left)], cancellationToken);
        _left -= read;
        return read;
    }
}
