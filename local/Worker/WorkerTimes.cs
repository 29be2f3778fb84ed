namespace Ci.Local.Worker;

/// <summary>How long a worker may take; tests make these shorter.</summary>
internal sealed record WorkerTimes
{
    /// <summary>From the start of the process until its functions are loaded.</summary>
    public TimeSpan Start { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a call may go on after <c>functionTimeout</c> has cancelled it, before the worker is restarted.</summary>
    public TimeSpan TimeoutGrace { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a worker that is told to end may take before it is killed; the Functions host gives it as much.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long to wait before a worker is started again that died at its start.</summary>
    public TimeSpan RestartPause { get; init; } = TimeSpan.FromSeconds(1);
}
