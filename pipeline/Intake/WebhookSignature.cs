using System.Security.Cryptography;
using System.Text;

namespace Ci.Pipeline.Intake;

/// <summary>What a look at the signature header found.</summary>
public enum SignatureCheck
{
    Valid,

    /// <summary>There is no <c>X-Hub-Signature-256</c> header.</summary>
    Missing,

    /// <summary>The header is not <c>sha256=</c> and 64 hex digits.</summary>
    Malformed,

    /// <summary>The body was signed with another secret, or changed on its way.</summary>
    Mismatch,
}

/// <summary>Checks <c>X-Hub-Signature-256: sha256=HEX</c>, GitHub's HMAC-SHA256 of the raw body (docs.github.com, "Validating
/// webhook deliveries").</summary>
internal sealed class WebhookSignature(string secret)
{
    private const string Prefix = "sha256=";
    private readonly byte[] _key = Encoding.UTF8.GetBytes(secret);

    /// <summary>Whether the header can be a signature at all; lets a delivery without one be refused before its body is read.</summary>
    public static SignatureCheck CheckForm(string? header)
    {
        if (string.IsNullOrEmpty(header))
        {
            return SignatureCheck.Missing;
        }

        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        return TryDecode(header, hash) ? SignatureCheck.Valid : SignatureCheck.Malformed;
    }

    /// <summary>Compares the header with the body's HMAC in constant time.</summary>
    public SignatureCheck Check(string? header, ReadOnlySpan<byte> body)
    {
        if (string.IsNullOrEmpty(header))
        {
            return SignatureCheck.Missing;
        }

        Span<byte> claimed = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (!TryDecode(header, claimed))
        {
            return SignatureCheck.Malformed;
        }

        Span<byte> actual = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, body, actual);
        return CryptographicOperations.FixedTimeEquals(claimed, actual) ? SignatureCheck.Valid : SignatureCheck.Mismatch;
    }

    private static bool TryDecode(string header, Span<byte> hash) =>
        header.StartsWith(Prefix, StringComparison.Ordinal)
        && header.Length == Prefix.Length + (2 * hash.Length)
        && Convert.FromHexString(header.AsSpan(Prefix.Length), hash, out _, out _) == System.Buffers.OperationStatus.Done;
}
