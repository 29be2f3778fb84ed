namespace Ci.Local;

/// <summary>Something that a person configured wrongly; the message is a sentence that says what to do.</summary>
internal sealed class HostException(string message) : Exception(message);
