namespace Ci.Pipeline.Builds;

/// <summary>How a step ended.</summary>
public enum StepOutcome
{
    Done,
    Cached,
    Failed,
    Cancelled,
}

/// <summary>What happens while an image is built and pushed, from whichever builder it comes.</summary>
public abstract record BuildEvent
{
    private BuildEvent()
    {
    }

    public sealed record StepStarted(BuildStep Step) : BuildEvent;

    /// <summary>A step ended; one that was cached may end without having begun.</summary>
    /// <param name="Step">The step.</param>
    /// <param name="Outcome">How.</param>
    /// <param name="Words">How its builder puts it, for the log; null where it says nothing.</param>
    public sealed record StepEnded(BuildStep Step, StepOutcome Outcome, string? Words) : BuildEvent;

    /// <summary>A step left an image (the classic builder's cache).</summary>
    public sealed record StepImage(string Id) : BuildEvent;

    /// <summary>Something was printed.</summary>
    /// <param name="Step">The step that printed it; null when it was the engine.</param>
    /// <param name="Line">The line.</param>
    /// <param name="IsDetail">Whether it is the builder's bookkeeping, which tells nobody why a build failed.</param>
    public sealed record Output(BuildStep? Step, string Line, bool IsDetail = false) : BuildEvent;

    /// <summary>A sign of life that is no line; of so many characters, if it was output.</summary>
    public sealed record Activity(int Characters = 0) : BuildEvent;
}

/// <summary>Why an image's build failed, as its builder knows it.</summary>
/// <param name="Step">The step; null when the Dockerfile could not be read.</param>
/// <param name="Reason">What became of it, like <c>exit code 2</c>.</param>
/// <param name="Line">The Dockerfile's line, from 1, where the builder names it.</param>
public sealed record StepFailure(BuildStep? Step, string Reason, int? Line = null);
