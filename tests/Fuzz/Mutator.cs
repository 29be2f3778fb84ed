using System.Globalization;
using System.Text;

namespace Ci.Tests.Fuzz;

/// <summary>Makes inputs out of real ones: the same seed and number always make the same input.</summary>
internal sealed class Mutator(IReadOnlyList<byte[]> seeds, IReadOnlyList<string> words)
{
    private const int MaxLength = 1 << 18;

    private static readonly string[] Numbers =
    [
        "0", "-1", "1", "-0", "1e999", "1.5", "2147483647", "2147483648", "-2147483649", "4294967296", "9223372036854775807",
        "9223372036854775808", "99999999999999999999999999999999", "00000000001", "0x10", "NaN", "1e-400",
    ];

    private static readonly byte[][] Oddities =
    [
        .. new[]
        {
            "\0", "\uFEFF", "\uFFFE", "\uFFFF", "\u202E", "\u2028", "\u0085", "\u00A0", "é", "e\u0301", "ﬁ", "ß", "İ", "😀", "\\ud800",
            "\\udc00\\ud800", "\\u0000",
            "\r", "\n", "\r\n", "\t", "\v", "\u001B[31m", "\"", "\\", "'", "..", "../", "%00", "%", "+", "&", "=", ";", "*", "**/", "[",
            "]", "{", "}", "!", "#", "$",
        }.Select(Encoding.UTF8.GetBytes),
        [0xED, 0xA0, 0x80], [0xC0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF], [0xFE], [0x80],
    ];

    public byte[] Make(int seed)
    {
        var random = new Random(seed);
        var bytes = Pick(random, seeds).ToList();
        for (var left = random.Next(1, 7); left > 0; left--)
        {
            Mutate(bytes, random);
        }

        return [.. bytes.Take(MaxLength)];
    }

    private void Mutate(List<byte> bytes, Random random)
    {
        var at = random.Next(bytes.Count + 1);
        switch (random.Next(13))
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when at < bytes.Count:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 3:
                bytes.RemoveRange(at, Length(bytes, at, random));
                break;
            case 4:
                Repeat(bytes, at, bytes.GetRange(at, Length(bytes, at, random)), random.Next(1, 4));
                break;
            case 5:
                var other = Pick(random, seeds);
                var from = random.Next(other.Length + 1);
                bytes.InsertRange(at, other[from..(from + Math.Min(random.Next(1, 200), other.Length - from))]);
                break;
            case 6:
                bytes.RemoveRange(at, bytes.Count - at);
                var tail = Pick(random, seeds);
                bytes.AddRange(tail[random.Next(tail.Length + 1)..]);
                break;
            case 7:
                ReplaceNumber(bytes, at, Pick(random, Numbers));
                break;
            case 8:
                Repeat(bytes, at,
                    Encoding.UTF8.GetBytes(Pick(random, ["[", "{\"a\":", "(", "a/", "**/", "\"", "\\", "!", " "])), 1 << random.Next(16));
                break;
            case 9:
                bytes.InsertRange(at, new byte[random.Next(1, 600)]);
                break;
            case 10 when words.Count > 0:
                bytes.InsertRange(at, Encoding.UTF8.GetBytes(Pick(random, words)));
                break;
            default:
                bytes.InsertRange(at, Pick(random, Oddities));
                break;
        }
    }

    private static int Length(List<byte> bytes, int at, Random random) => Math.Min(1 << random.Next(12), bytes.Count - at);

    private static void Repeat(List<byte> bytes, int at, IReadOnlyList<byte> piece, int times)
    {
        if (piece.Count > 0)
        {
            bytes.InsertRange(at, Enumerable.Repeat(piece, Math.Min(times, MaxLength / piece.Count)).SelectMany(b => b));
        }
    }

    /// <summary>Puts another number in the place of the next one behind <paramref name="at"/>.</summary>
    private static void ReplaceNumber(List<byte> bytes, int at, string number)
    {
        while (at < bytes.Count && !char.IsAsciiDigit((char)bytes[at]))
        {
            at++;
        }

        var end = at;
        while (end < bytes.Count && char.IsAsciiDigit((char)bytes[end]))
        {
            end++;
        }

        bytes.RemoveRange(at, end - at);
        bytes.InsertRange(at, Encoding.ASCII.GetBytes(number));
    }

    private static T Pick<T>(Random random, IReadOnlyList<T> of) => of[random.Next(of.Count)];

    /// <summary>How an input is shown when it did harm.</summary>
    public static string Shown(byte[] input) => string.Create(
        CultureInfo.InvariantCulture,
        $"{input.Length} bytes, base64 of the first 2,000: {Convert.ToBase64String(input.AsSpan(0, Math.Min(input.Length, 2_000)))}");
}
