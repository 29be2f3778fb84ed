namespace Ci.Pipeline.Builds;

/// <summary>The engine or the registry is away, or its answer was cut short: what a retry can cure.</summary>
public sealed class ImageUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>What the engine or the registry will refuse however often it is asked; the message is a sentence for people.</summary>
public sealed class ImageRefusedException(string message, bool isCertain = true) : Exception(message)
{
    /// <summary>Whether the words leave no doubt; of others, which an engine in trouble has too, a second try decides.</summary>
    public bool IsCertain { get; } = isCertain;

    public string? Image { get; init; }

    public StepFailure? Failure { get; set; }

    /// <summary>The same with the step's place in the commit.</summary>
    public FailedStep? Step { get; init; }
}
