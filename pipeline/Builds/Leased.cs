namespace Ci.Pipeline.Builds;

/// <summary>What one host at a time works on: whoever does writes its name and a time into the record, on the condition that nobody
/// else wrote since it was read. A host that died is waited for until that time.</summary>
public abstract record Leased
{
    public string? Owner { get; init; }

    public DateTimeOffset? OwnedUntil { get; init; }

    public bool IsHeld(DateTimeOffset now) => Owner is not null && OwnedUntil >= now;

    /// <summary>A name that no other holder of anything has: machine, process, and a number.</summary>
    public static string NewOwner() => $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid():n}";
}

internal static class LeasedExtensions
{
    public static T HeldBy<T>(this T record, string owner, DateTimeOffset until)
        where T : Leased => (T)((Leased)record with { Owner = owner, OwnedUntil = until });

    public static T Released<T>(this T record)
        where T : Leased => (T)((Leased)record with { Owner = null, OwnedUntil = null });
}
