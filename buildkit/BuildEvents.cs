namespace Ci.BuildKit;

/// <summary>How a step ended.</summary>
public enum StepResult
{
    /// <summary>It ran.</summary>
    Done,

    /// <summary>It did not need to run: the cache had its result.</summary>
    Cached,

    /// <summary>It failed, and the build with it.</summary>
    Failed,

    /// <summary>It was stopped, because the build was or because another step failed.</summary>
    Cancelled,
}

/// <summary>Something that happened in a build. Values of secrets that the build was given are hidden in all texts.</summary>
public abstract record BuildEvent;

/// <summary>A step began. One that is <see cref="StepResult.Cached"/> may end without.</summary>
/// <param name="Step">The step.</param>
public sealed record StepStarted(BuildStep Step) : BuildEvent;

/// <summary>A step's command printed a line.</summary>
/// <param name="Step">The step.</param>
/// <param name="Line">The line, without its end; a bar that was drawn over itself is as it looked last.</param>
/// <param name="IsError">Whether it came on standard error.</param>
public sealed record StepPrinted(BuildStep Step, string Line, bool IsError) : BuildEvent;

/// <summary>A step got on with a transfer, such as a layer of its base image.</summary>
/// <param name="Step">The step.</param>
/// <param name="What">What is transferred: a layer's digest, or words like <c>exporting layers</c>.</param>
/// <param name="Action">What is done to it: <c>downloading</c>, <c>extracting</c>, <c>done</c>; may be empty.</param>
/// <param name="Current">How much of it is there, in bytes.</param>
/// <param name="Total">How much there will be, in bytes, or 0 when that is not known.</param>
/// <param name="IsComplete">Whether that was all of it.</param>
public sealed record StepTransferred(BuildStep Step, string What, string Action, long Current, long Total, bool IsComplete) : BuildEvent;

/// <summary>A step ended.</summary>
/// <param name="Step">The step.</param>
/// <param name="Result">How.</param>
/// <param name="Duration">How long it ran, by the engine's clock; zero if it did not.</param>
/// <param name="Error">BuildKit's words if it failed or was stopped.</param>
public sealed record StepFinished(BuildStep Step, StepResult Result, TimeSpan Duration, string? Error) : BuildEvent;

/// <summary>The Dockerfile's steps, over all stages, so far. The total may grow: a stage's steps count from when BuildKit comes to it.</summary>
/// <param name="Done">How many have ended.</param>
/// <param name="Total">How many there are.</param>
public sealed record BuildProgressed(int Done, int Total) : BuildEvent;

/// <summary>BuildKit thinks that something in the Dockerfile should be otherwise.</summary>
/// <param name="Summary">The warning, a line.</param>
/// <param name="Detail">What else there is to say, line by line; often nothing.</param>
/// <param name="Url">Where to read about it, or empty.</param>
public sealed record BuildWarning(string Summary, IReadOnlyList<string> Detail, string Url) : BuildEvent;

/// <summary>The image is there.</summary>
/// <param name="Id">Its id, <c>sha256:…</c>.</param>
public sealed record ImageBuilt(string Id) : BuildEvent;

/// <summary>The build failed; nothing comes after this.</summary>
/// <param name="Error">The engine's words.</param>
public sealed record BuildError(string Error) : BuildEvent;

/// <summary>The engine says something that is no part of BuildKit's trace.</summary>
/// <param name="Text">What.</param>
public sealed record EngineSaid(string Text) : BuildEvent;
