namespace Ci.Local;

/// <summary>Something that a person configured wrongly; the message is a sentence that says what to do.</summary>
public sealed class HostException(string message) : Exception(message);
