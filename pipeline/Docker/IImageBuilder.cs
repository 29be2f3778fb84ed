using Ci.Pipeline.Builds;

namespace Ci.Pipeline.Docker;

public interface IImageBuilder
{
    /// <summary>Builds an image under its name; <paramref name="happened"/> takes what happens, one call at a time.</summary>
    /// <exception cref="ImageRefusedException">It cannot be built; the failed step is in it, if it was one.</exception>
    /// <exception cref="ImageUnavailableException">The engine or a registry is away: what a retry may cure.</exception>
    Task<BuiltImage> BuildAsync(EngineBuild build, Action<BuildEvent> happened, CancellationToken cancellationToken);
}
