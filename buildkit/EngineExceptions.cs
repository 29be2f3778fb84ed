namespace Ci.BuildKit;

/// <summary>The build failed, or the engine refused it; asking again would not help. The reason is in BuildKit's own words.</summary>
public sealed class BuildFailedException(string reason, BuildKitStep? step = null)
    : Exception(step is null ? reason : $"{step.Name}: {reason}")
{
    public string Reason => reason;
    public BuildKitStep? Step => step;

    /// <summary>Whether the step's container could not be started: the reason is the runtime's, and no command ran.</summary>
    public bool IsNotStarted { get; init; }

    /// <summary>The code other than 0 that a command of the Dockerfile ended with, or null when BuildKit itself failed.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The Dockerfile's line, counted from 1, where BuildKit names one: it does for what it cannot parse.</summary>
    public int? Line { get; init; }

    public string? Problem { get; init; }
}

/// <summary>The engine does not answer, is in trouble itself, or broke off its answer: what asking again may cure.</summary>
public sealed class EngineUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The engine is there but builds nothing with BuildKit and a session: it has no BuildKit (before Engine 18.09, Windows,
/// Podman), or something between takes the session away. The classic builder is what is left.</summary>
public sealed class BuildKitUnavailableException(string message) : Exception(message);
