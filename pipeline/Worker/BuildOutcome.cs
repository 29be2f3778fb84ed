using Ci.Pipeline.Builds;
using Ci.Pipeline.Text;

namespace Ci.Pipeline.Worker;

/// <summary>How a build ended; what a retry could cure is no outcome but an exception.</summary>
public abstract record BuildOutcome
{
    private BuildOutcome()
    {
    }

    /// <summary>Its images are in the registry.</summary>
    public sealed record Pushed(IReadOnlyList<PushedImage> Images, IReadOnlyList<string> Warnings) : BuildOutcome
    {
        public string Sentence =>
            $"Pushed {string.Join(", ", Images.Select(i => $"{i.Reference} ({Format.Size(i.Size)})"))}.";
    }

    /// <summary>The commit asks for nothing, or its pull request is closed.</summary>
    public sealed record Skipped(string Reason) : BuildOutcome;

    /// <summary>It cannot be built as the commit is; the image and the step that are to blame, if there are such.</summary>
    public sealed record Failed(string Reason, string? Image = null, FailedStep? Step = null) : BuildOutcome;

    /// <summary>It cannot be built as this machine is; no retry would change that.</summary>
    public sealed record InfrastructureError(string Reason) : BuildOutcome;
}
