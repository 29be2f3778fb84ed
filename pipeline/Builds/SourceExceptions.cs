namespace Ci.Pipeline.Builds;

/// <summary>What GitHub gave of the commit was cut short, or is something else: what a retry can cure.</summary>
internal sealed class SourceUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The commit's source cannot be built as it is, however often it is tried; the message is a sentence for people.</summary>
internal sealed class SourceRefusedException(string message) : Exception(message);
