using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Ci.Tests.Source;

/// <summary>A tar put together byte by byte, so that it can say what no tar program would write.</summary>
internal sealed class RawTar
{
    private const int Block = 512;
    private readonly List<byte> _bytes = [];

    public RawTar File(string path, string content = "") => Add("top/" + path, '0', Encoding.UTF8.GetBytes(content));

    public RawTar Link(string path, string target) => Add("top/" + path, '2', [], target);

    /// <summary>Any entry; <paramref name="change"/> sees the header before its checksum is made, <paramref name="spoil"/> after.</summary>
    public RawTar Add(
        string name, char type, byte[]? content = null, string link = "", long? size = null, Action<byte[]>? change = null, Action<byte[]>? spoil = null)
    {
        var header = new byte[Block];
        Put(header, 0, 100, name);
        Put(header, 100, 8, "0000644");
        Put(header, 108, 8, "0000000");
        Put(header, 116, 8, "0000000");
        Put(header, 124, 12, Octal(size ?? content?.Length ?? 0, 11));
        Put(header, 136, 12, "00000000000");
        header[156] = (byte)type;
        Put(header, 157, 100, link);
        Put(header, 257, 8, "ustar\000");
        change?.Invoke(header);
        header.AsSpan(148, 8).Fill((byte)' ');
        Put(header, 148, 7, Octal(header.Sum(b => b), 6) + "\0");
        spoil?.Invoke(header);
        _bytes.AddRange(header);
        _bytes.AddRange(content ?? []);
        _bytes.AddRange(new byte[(Block - ((content?.Length ?? 0) % Block)) % Block]);
        return this;
    }

    /// <summary>A header of extended attributes: <c>x</c> for the next entry, <c>g</c> for all that follow.</summary>
    public RawTar Pax(char type, params (string Key, string Value)[] records)
    {
        using var content = new MemoryStream();
        foreach (var (key, value) in records)
        {
            content.Write(Record(key, Encoding.UTF8.GetBytes(value)));
        }

        return Add("pax", type, content.ToArray());
    }

    /// <summary>The tar as it is, without an end; to be put behind another.</summary>
    public byte[] Part() => [.. _bytes];

    public byte[] ToArray() => [.. _bytes, .. new byte[2 * Block]];

    public byte[] Gzip() => Gzip(ToArray());

    public static byte[] Gzip(ReadOnlySpan<byte> bytes)
    {
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return zipped.ToArray();
    }

    /// <summary>Writes a number as GNU tar does when it does not fit: base 256, its first bit set.</summary>
    public static void Base256(byte[] header, int offset, int length, long number)
    {
        for (var i = length - 1; i >= 0; i--, number >>= 8)
        {
            header[offset + i] = (byte)number;
        }

        header[offset] |= 0x80;
    }

    public static void Put(byte[] header, int offset, int length, string text)
    {
        header.AsSpan(offset, length).Clear();
        var bytes = Encoding.UTF8.GetBytes(text);
        bytes.AsSpan(0, Math.Min(length, bytes.Length)).CopyTo(header.AsSpan(offset));
    }

    private static string Octal(long number, int digits) => Convert.ToString(number, 8).PadLeft(digits, '0');

    private static byte[] Record(string key, byte[] value)
    {
        var rest = Encoding.UTF8.GetByteCount(key) + value.Length + 3;
        var length = rest + rest.ToString(CultureInfo.InvariantCulture).Length;
        length = rest + length.ToString(CultureInfo.InvariantCulture).Length;
        return [.. Encoding.UTF8.GetBytes($"{length} {key}="), .. value, (byte)'\n'];
    }
}
