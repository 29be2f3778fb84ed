using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Ci.Pipeline.GitHub;

#pragma warning disable CA5350 // It is git's own name of a content. Whoever can make two contents of one name can push either.
/// <summary>The SHA-1 of <c>blob LENGTH</c>, a zero and the content, by which a commit names a file (Pro Git, "Git Objects").</summary>
internal static class GitBlob
{
    public const int NameLength = SHA1.HashSizeInBytes;

    private const int PieceSize = 1 << 17;

    public static byte[] Name(ReadOnlySpan<byte> content)
    {
        using var hash = Begin(content.Length);
        hash.AppendData(content);
        return hash.GetHashAndReset();
    }

    public static async Task<byte[]> NameAsync(Stream content, long length, CancellationToken cancellationToken)
    {
        using var hash = Begin(length);
        var buffer = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            int read;
            while ((read = await content.ReadAsync(buffer, cancellationToken)) > 0)
            {
                hash.AppendData(buffer, 0, read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return hash.GetHashAndReset();
    }

    /// <summary>The hash before the content, which has to be appended.</summary>
    public static IncrementalHash Begin(long length)
    {
        var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {length}\0")));
        return hash;
    }
}
