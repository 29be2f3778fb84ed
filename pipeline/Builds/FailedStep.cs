namespace Ci.Pipeline.Builds;

/// <summary>The step of a Dockerfile that failed, for people who want to go there.</summary>
public sealed record FailedStep
{
    /// <summary>The Dockerfile's path from the repository's root.</summary>
    public required string File { get; init; }

    /// <summary>The line that the instruction begins on, from 1; null where it is not certain.</summary>
    public int? Line { get; init; }

    /// <summary>The instruction; null for a file that is no Dockerfile at all.</summary>
    public string? Instruction { get; init; }

    /// <summary>What became of it, like <c>exit code 2</c>.</summary>
    public required string Reason { get; init; }
}
