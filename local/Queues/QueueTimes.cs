namespace Ci.Local.Queues;

/// <summary>The times that the Functions host has fixed; tests make them shorter.</summary>
internal sealed record QueueTimes
{
    /// <summary>How long a message is hidden while it is worked on; it is renewed at half time.</summary>
    public TimeSpan Hidden { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long running functions may go on when the host is to stop.</summary>
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a cancelled function may take to return before it is left behind.</summary>
    public TimeSpan CancelGrace { get; init; } = TimeSpan.FromSeconds(5);
}
