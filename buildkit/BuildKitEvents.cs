namespace Ci.BuildKit;

public enum StepResult
{
    Done,

    /// <summary>It did not need to run: the cache had its result.</summary>
    Cached,

    /// <summary>It failed, and the build with it.</summary>
    Failed,

    /// <summary>It was stopped, because the build was or because another step failed.</summary>
    Cancelled,
}

/// <summary>Something that happened in a build; all texts have gone through <see cref="BuildKitBuild.Mask"/>.</summary>
public abstract record BuildKitEvent;

/// <summary>A step began. One that is <see cref="StepResult.Cached"/> may end without.</summary>
public sealed record StepStarted(BuildKitStep Step) : BuildKitEvent;

/// <summary>A step's command printed a line.</summary>
/// <param name="Step">The step.</param>
/// <param name="Line">The line, without its end; a bar that was drawn over itself is as it looked last.</param>
/// <param name="IsError">Whether it came on standard error.</param>
public sealed record StepPrinted(BuildKitStep Step, string Line, bool IsError) : BuildKitEvent;

/// <summary>A step got on with a transfer, such as a layer of its base image.</summary>
/// <param name="Step">The step.</param>
/// <param name="What">What is transferred: a layer's digest, or words like <c>exporting layers</c>.</param>
/// <param name="Total">How much there will be, in bytes, or 0 when that is not known.</param>
/// <param name="IsComplete">Whether that was all of it.</param>
public sealed record StepTransferred(BuildKitStep Step, string What, long Total, bool IsComplete) : BuildKitEvent;

/// <summary>A step ended.</summary>
/// <param name="Step">The step.</param>
/// <param name="Result">How.</param>
/// <param name="Duration">How long it ran, by the engine's clock; zero if it did not.</param>
/// <param name="Error">BuildKit's words if it failed or was stopped.</param>
public sealed record StepFinished(BuildKitStep Step, StepResult Result, TimeSpan Duration, string? Error) : BuildKitEvent;

/// <summary>BuildKit thinks that something in the Dockerfile should be otherwise.</summary>
/// <param name="Summary">The warning, a line.</param>
/// <param name="Detail">What else there is to say, line by line; often nothing.</param>
/// <param name="Url">Where to read about it, or empty.</param>
public sealed record BuildWarning(string Summary, IReadOnlyList<string> Detail, string Url) : BuildKitEvent;

/// <summary>The image is there; its id is <c>sha256:…</c>.</summary>
internal sealed record ImageBuilt(string Id) : BuildKitEvent;

/// <summary>The build failed, in the engine's words; nothing comes after this.</summary>
public sealed record BuildError(string Error) : BuildKitEvent;

/// <summary>The engine says something that is no part of BuildKit's trace.</summary>
public sealed record EngineSaid(string Text) : BuildKitEvent;
