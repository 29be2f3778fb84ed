namespace Ci.Pipeline.Builds;

/// <summary>GitHub is away, busy, or its answer was cut short: what a retry can cure.</summary>
public sealed class SourceUnavailableException(string message, TimeSpan? retryAfter = null, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>How long GitHub asks to wait, if it does.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}

/// <summary>The commit's source cannot be built as it is, however often it is tried; the message is a sentence for people.</summary>
public sealed class SourceRefusedException(string message) : Exception(message);
