using Ci.Pipeline.Builds;
using Ci.Pipeline.Source.DockerInfo;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Docker;

public sealed class BuildLimits(IOptions<DockerOptions> docker, IOptions<ForkOptions> forks, IOptions<ImageOptions> image)
{
    public bool ForksUseBuildKit => forks.Value.BuildKit;

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
                $"The image {spec.Name} has {size:N0} bytes, and Image__MaxBytes allows {image.Value.MaxBytes:N0}: "
                + "make it smaller, with a second stage perhaps.");
        }
    }
}
