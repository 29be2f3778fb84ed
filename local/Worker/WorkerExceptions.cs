namespace Ci.Local.Worker;

/// <summary>A function failed, as its worker tells.</summary>
internal sealed class InvocationFailedException(string message, string? stackTrace) : Exception(message)
{
    /// <summary>The function's own stack trace is the one that matters; this process' would say nothing.</summary>
    public override string ToString() => string.IsNullOrEmpty(stackTrace) ? Message : $"{Message}\n{stackTrace}";
}

/// <summary>The worker is gone, or has been given up, with all that it was doing.</summary>
internal sealed class WorkerGoneException(string message) : Exception(message)
{
    public override string ToString() => Message;
}
