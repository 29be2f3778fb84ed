using System.Net;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Intake;

/// <summary>Keeps one address from taking the host's time: so many requests, and so many failures, a minute.</summary>
public sealed class RequestLimiter(IOptions<AccessOptions> options) : IDisposable
{
    private readonly PartitionedRateLimiter<string> _requests = PerMinute(options.Value.RequestsPerMinute);
    private readonly PartitionedRateLimiter<string> _failures = PerMinute(options.Value.FailuresPerMinute);

    /// <summary>Whether a request of that source is within its limit; counts it.</summary>
    public bool Allows(string source)
    {
        using var lease = _requests.AttemptAcquire(source);
        return lease.IsAcquired;
    }

    /// <summary>Whether that source may still fail.</summary>
    public bool CanAttempt(string source) =>
        // The bucket fills in fractions, and to ask it for nothing succeeds with any of them.
        (_failures.GetStatistics(source)?.CurrentAvailablePermits ?? 1) >= 1;

    /// <summary>That source came with a wrong key or signature.</summary>
    public void Failed(string source)
    {
        using var lease = _failures.AttemptAcquire(source);
    }

    /// <summary>Who asks: the address that a trusted proxy tells, else the connection's.</summary>
    /// <param name="connection">The connection's address.</param>
    /// <param name="told">What the proxy says, where the settings say that one stands before this host.</param>
    public static string SourceOf(IPAddress? connection, string? told) =>
        Shown(IPAddress.TryParse(told, out var client) ? client : connection);

    /// <inheritdoc/>
    public void Dispose()
    {
        _requests.Dispose();
        _failures.Dispose();
    }

    private static PartitionedRateLimiter<string> PerMinute(int count) => PartitionedRateLimiter.Create<string, string>(source =>
        RateLimitPartition.GetTokenBucketLimiter(source, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = count,
            TokensPerPeriod = Math.Max(1, count / 60),
            ReplenishmentPeriod = count < 60 ? TimeSpan.FromSeconds(60.0 / count) : TimeSpan.FromSeconds(1),
            QueueLimit = 0,
        }));

    // Whoever has one IPv6 address has the rest of its /64, too.
    private static string Shown(IPAddress? address)
    {
        if (address is null)
        {
            return "unknown";
        }

        var ip = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        var bytes = ip.GetAddressBytes();
        return bytes.Length == 4 ? ip.ToString() : Convert.ToHexStringLower(bytes.AsSpan(0, 8));
    }
}
