namespace Ci.Pipeline.Builds;

public sealed record FailedStep
{
    /// <summary>The Dockerfile's path from the repository's root.</summary>
    public required string File { get; init; }

    /// <summary>The line that the instruction begins on, from 1; null where it is not certain.</summary>
    public int? Line { get; init; }

    public string? Instruction { get; init; }

    /// <summary>What became of it, like <c>exit code 2</c>.</summary>
    public required string Reason { get; init; }
}
