using Ci.Pipeline.Queue;
using Ci.Pipeline.Source;
using Ci.Pipeline.Webhook;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Image;

/// <summary>How large an image may be; section <c>Image</c>.</summary>
public sealed class ImageOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Image";

    /// <summary>How large an image may be, unpacked, in bytes; a larger one is not pushed.</summary>
    [InRange(1, long.MaxValue, ErrorMessage = "Image__MaxBytes must be a number of bytes, 1 or more.")]
    public long MaxBytes { get; set; } = 20_000_000_000;
}

/// <summary>Checks <see cref="ImageOptions"/> at start.</summary>
[OptionsValidator]
public sealed partial class ImageOptionsValidator : IValidateOptions<ImageOptions>;

/// <summary>What a build may use, and how large its images may be.</summary>
public sealed class BuildLimits(IOptions<DockerOptions> docker, IOptions<ForkOptions> forks, IOptions<ImageOptions> image)
{
    /// <summary>Whether a fork's build may use BuildKit.</summary>
    public bool ForksUseBuildKit => forks.Value.BuildKit;

    /// <summary>What the steps of a build may use.</summary>
    public StepLimits Of(BuildRequest request) => new()
    {
        Memory = docker.Value.Memory ?? DockerOptions.DefaultMemory,
        Cpus = docker.Value.Cpus,
        Network = request.IsFork && forks.Value.Network.Length > 0 ? forks.Value.Network : docker.Value.Network,
    };

    /// <summary>Refuses an image that is too large.</summary>
    /// <exception cref="ImageRefusedException">It is.</exception>
    public void Check(ImageSpec spec, long size)
    {
        if (size > image.Value.MaxBytes)
        {
            throw new ImageRefusedException(
                $"The image {spec.Name} has {size:N0} bytes, and Image__MaxBytes allows {image.Value.MaxBytes:N0}: make it smaller, with a second stage perhaps.");
        }
    }
}
