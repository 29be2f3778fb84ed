namespace Ci.BuildKit;

/// <summary>The build failed, or the engine refused it; asking again would not help. The message has BuildKit's own words.</summary>
/// <param name="message">The step, if it was one, and the reason.</param>
public sealed class BuildFailedException(string message) : Exception(message)
{
    /// <summary>The step that failed, or null when it was none.</summary>
    public BuildStep? Step { get; init; }

    /// <summary>Whether the step's container could not be started: the message has the runtime's words, and no command of the Dockerfile ran.</summary>
    public bool IsNotStarted { get; init; }

    /// <summary>The code other than 0 that a command of the Dockerfile ended with, or null when BuildKit itself failed.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The Dockerfile's line, counted from 1, where BuildKit names one: it does for what it cannot parse.</summary>
    public int? Line { get; init; }
}

/// <summary>The engine does not answer, is in trouble itself, or broke off its answer: what asking again may cure.</summary>
public sealed class EngineUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// The engine is there but builds nothing with BuildKit and a session: it has no BuildKit (before Engine 18.09, Windows,
/// Podman), or something between takes the session away. The classic builder is what is left.
/// </summary>
public sealed class BuildKitUnavailableException(string message) : Exception(message);
