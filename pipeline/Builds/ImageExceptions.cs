namespace Ci.Pipeline.Builds;

/// <summary>The engine or the registry is away, or its answer was cut short: what a retry can cure.</summary>
public sealed class ImageUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>What the engine or the registry will refuse however often it is asked; the message is a sentence for people.</summary>
public sealed class ImageRefusedException(string message, bool isCertain = true) : Exception(message)
{
    /// <summary>Whether the words leave no doubt; an engine in trouble has many others, and then the same words at a second try decide.</summary>
    public bool IsCertain { get; } = isCertain;

    /// <summary>The image that it is about; null when it is about none.</summary>
    public string? Image { get; init; }

    /// <summary>What the builder knows of the step that it is about; null when it is about none, or nobody knows.</summary>
    public StepFailure? Failure { get; set; }

    /// <summary>The same with the step's place in the commit.</summary>
    public FailedStep? Step { get; init; }
}
