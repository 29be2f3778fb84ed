using Ci.Pipeline.Settings;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Docker;

/// <summary>How large an image may be; section <c>Image</c>.</summary>
public sealed class ImageOptions
{
    public const string Section = "Image";

    /// <summary>How large an image may be, unpacked, in bytes; a larger one is not pushed.</summary>
    [InRange(1, long.MaxValue, ErrorMessage = "Image__MaxBytes must be a number of bytes, 1 or more.")]
    public long MaxBytes { get; set; } = 20_000_000_000;
}

[OptionsValidator]
internal sealed partial class ImageOptionsValidator : IValidateOptions<ImageOptions>;
