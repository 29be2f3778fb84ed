using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ci.Pipeline.Intake;
using Microsoft.Extensions.Options;

namespace Ci.Web.Auth;

/// <summary>All comparisons take the same time, right or wrong.</summary>
public sealed class ApiKeyValidator(IOptions<AccessOptions> options, TimeProvider time)
{
    private readonly byte[] _key = SHA256.HashData(Encoding.UTF8.GetBytes(options.Value.Key));
    private readonly byte[] _ticketKey = HKDF.DeriveKey(
        HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(options.Value.Key + "\0"), 32, info: "ci sign-in v1"u8.ToArray());

    public bool IsSet => options.Value.Key.Length > 0;

    /// <summary>Never, while no key is set.</summary>
    public bool IsKey(string? candidate) =>
        IsSet && !string.IsNullOrEmpty(candidate)
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(candidate)), _key);

    /// <summary>Not the key, and of no use when its time is over or the key is another.</summary>
    public (string Ticket, DateTimeOffset Ends) NewTicket()
    {
        var ends = time.GetUtcNow() + options.Value.SignInTime;
        var seconds = ends.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return ($"{seconds}.{Sign(seconds)}", ends);
    }

    public bool IsTicket(string? ticket)
    {
        if (!IsSet || ticket?.Split('.') is not [var seconds, var signature]
            || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(signature), Encoding.UTF8.GetBytes(Sign(seconds))))
        {
            return false;
        }

        return long.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var ends)
            && time.GetUtcNow().ToUnixTimeSeconds() < ends;
    }

    private string Sign(string seconds) => Convert.ToHexStringLower(HMACSHA256.HashData(_ticketKey, Encoding.UTF8.GetBytes(seconds)));
}
