using Ci.Pipeline.Settings;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Builds;

public sealed class BuildOptions
{
    public const string Section = "Build";

    /// <summary>How often a build is begun before it is given up as <i>error</i>. As large as <c>maxDequeueCount</c> in host.json, so
    /// that the message goes to the poison queue at the same time.</summary>
    [InRange(1, 100, ErrorMessage = "Build__MaxAttempts must be from 1 to 100.")]
    public int MaxAttempts { get; set; } = 5;

    /// <summary>How many builds of one repository may wait; what comes then is answered 429. A merge always finds room.</summary>
    [InRange(1, 10_000, ErrorMessage = "Build__MaxQueued must be from 1 to 10000.")]
    public int MaxQueued { get; set; } = 100;

    [InRange(1, 50, ErrorMessage = "Build__ImagesAtOnce must be from 1 to 50.")]
    public int ImagesAtOnce { get; set; } = 2;

    /// <summary>Whether an image is tagged instead of built when one from the same context, Dockerfile, arguments and bases is in the
    /// registry already.</summary>
    public bool ReuseUnchanged { get; set; } = true;

    /// <summary>How long a build may take. Shorter than <c>functionTimeout</c> in host.json, which ends all builds of the host.</summary>
    [InRange(
        typeof(TimeSpan), "00:00:01", "1.00:00:00",
        ErrorMessage = "Build__TimeLimit must be a time from 00:00:01 to 1.00:00:00, like 00:30:00.")]
    public TimeSpan TimeLimit { get; set; } = TimeSpan.FromMinutes(30);

    [InRange(
        typeof(TimeSpan), "00:00:01", "1.00:00:00",
        ErrorMessage = "Build__SilenceLimit must be a time from 00:00:01 to 1.00:00:00, like 00:10:00.")]
    public TimeSpan SilenceLimit { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How much a build may print, in bytes; one that prints more is stopped.</summary>
    [InRange(1000, long.MaxValue, ErrorMessage = "Build__MaxOutputBytes must be a number of bytes, 1000 or more.")]
    public long MaxOutputBytes { get; set; } = 64 << 20;
}

[OptionsValidator]
internal sealed partial class BuildOptionsValidator : IValidateOptions<BuildOptions>;
