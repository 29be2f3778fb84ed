namespace Ci.Local.Worker;

/// <summary>A function failed, as its worker tells.</summary>
/// <param name="message">What the worker says: the exception's type, message and stack trace.</param>
/// <param name="isCancelled">Whether it ended because it was cancelled.</param>
internal sealed class InvocationFailedException(string message, bool isCancelled) : Exception(message)
{
    public bool IsCancelled { get; } = isCancelled;

    /// <summary>The worker's words hold the stack trace that matters; this process' own would say nothing.</summary>
    public override string ToString() => Message;
}

/// <summary>The worker is gone, or has been given up, with all that it was doing.</summary>
internal sealed class WorkerGoneException(string message) : Exception(message)
{
    public override string ToString() => Message;
}
