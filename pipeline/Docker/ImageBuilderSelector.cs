using Ci.BuildKit;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Docker.BuildKit;
using Ci.Pipeline.Docker.Classic;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Docker;

/// <summary>Chooses the builder: BuildKit, unless the engine has none, or the build is to be kept within limits that only the
/// classic builder knows.</summary>
public sealed class ImageBuilderSelector(BuildKitImageBuilder buildKit, ClassicImageBuilder classic, IOptions<DockerOptions> options)
    : IImageBuilder
{
    public async Task<BuiltImage> BuildAsync(EngineBuild build, Action<BuildEvent> happened, CancellationToken cancellationToken)
    {
        if (WhyClassic(build.IsUntrusted, build.StrangersMayUseBuildKit, build.Limits) is not { } reason)
        {
            try
            {
                return await buildKit.BuildAsync(build, happened, cancellationToken);
            }
            catch (BuildKitUnavailableException e) when (options.Value.Builder == BuilderKind.Auto)
            {
                reason = e.Message;
            }
            catch (BuildKitUnavailableException e)
            {
                throw new ImageRefusedException($"{e.Message} Set Docker__Builder to Auto, and the classic builder builds it.");
            }
        }

        if (reason.Length > 0)
        {
            happened(new BuildEvent.Output(null, $"With the classic builder: {reason}"));
        }

        return build.Secrets.Count == 0
            ? await classic.BuildAsync(build, happened, cancellationToken)
            : throw new ImageRefusedException("dockerInfo.json names secrets, and only BuildKit can give them to a build. "
                + (reason.Length > 0 ? reason : "Docker__Builder is Classic."));
    }

    /// <summary>Whether such a build is for BuildKit, which asks for files one by one; an engine may turn out to have none.</summary>
    public bool AsksForFiles(bool isStrangers, bool strangersMayUseBuildKit, StepLimits limits) =>
        WhyClassic(isStrangers, strangersMayUseBuildKit, limits) is null;

    /// <summary>Why a build is for the classic builder; null when it is for BuildKit.</summary>
    private string? WhyClassic(bool isStrangers, bool strangersMayUseBuildKit, StepLimits limits) => options.Value switch
    {
        _ when isStrangers && !strangersMayUseBuildKit =>
            "BuildKit shares its cache mounts with every build, and this commit is from a fork (Forks__BuildKit).",
        { Builder: BuilderKind.Classic } => "",
        { Builder: BuilderKind.BuildKit } => null,
        { Memory: > 0 } or { Cpus: > 0 } => "BuildKit knows no limits of memory and processors (Docker__Memory, Docker__Cpus).",
        _ when limits.Network is not ("" or "none" or "default" or "bridge") => $"BuildKit knows no network {limits.Network}.",
        _ => null,
    };
}
