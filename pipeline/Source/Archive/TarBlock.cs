namespace Ci.Pipeline.Source.Archive;

/// <summary>The block that an entry of a tar begins with (POSIX.1-2024, pax, "ustar Interchange Format").</summary>
internal static class TarBlock
{
    public const int Size = 512;

    /// <summary>How large the extended header is that the block begins; 0 for any other entry.</summary>
    public static long ExtendedSize(ReadOnlySpan<byte> block) =>
        block[156] is (byte)'x' or (byte)'g' or (byte)'L' or (byte)'K' ? Number(block.Slice(124, 12)) : 0;

    private static long Number(ReadOnlySpan<byte> field)
    {
        // GNU tar's base 256 is for what octal digits cannot say, which is too much for a header.
        if (field[0] >= 0x80 && field[..^8].ContainsAnyExcept((byte)0x80, (byte)0))
        {
            return long.MaxValue;
        }

        long number = 0;
        foreach (var b in field[0] >= 0x80 ? field[^8..] : field.Trim(" \0"u8))
        {
            number = field[0] >= 0x80 ? (number << 8) | b : (number * 8) + Math.Clamp(b - '0', 0, 7);
        }

        return number < 0 ? long.MaxValue : number;
    }
}
