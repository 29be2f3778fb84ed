namespace Ci.Pipeline.Builds;

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

    /// <summary>A step ended, in its builder's words, if it has any; one that was cached may end without having begun.</summary>
    public sealed record StepEnded(BuildStep Step, StepOutcome Outcome, string? Words) : BuildEvent;

    public sealed record StepImage(string Id) : BuildEvent;

    /// <summary>A step, or the engine, printed a line. A detail is the builder's bookkeeping: it tells nobody why a build failed.</summary>
    public sealed record Output(BuildStep? Step, string Line, bool IsDetail = false) : BuildEvent;

    /// <summary>A sign of life that is no line; of so many characters, if it was output.</summary>
    public sealed record Activity(int Characters = 0) : BuildEvent;
}

/// <summary>Why an image's build failed: at which step, null when the Dockerfile could not be read; what became of it, like
/// <c>exit code 2</c>; and the Dockerfile's line, from 1, where the builder names it.</summary>
public sealed record StepFailure(BuildStep? Step, string Reason, int? Line = null);
