using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline;

/// <summary>How builds run; section <c>Build</c>.</summary>
public sealed class BuildOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Build";

    /// <summary>
    /// How often a build is begun before it is given up as <i>error</i>. As large as <c>maxDequeueCount</c> in
    /// host.json, so that the message goes to the poison queue at the same time.
    /// </summary>
    [Range(1, 100, ErrorMessage = "Build__MaxAttempts must be from 1 to 100.")]
    public int MaxAttempts { get; set; } = 5;
}

/// <summary>Checks <see cref="BuildOptions"/> at start.</summary>
[OptionsValidator]
public sealed partial class BuildOptionsValidator : IValidateOptions<BuildOptions>;
