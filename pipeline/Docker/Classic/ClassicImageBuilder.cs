using Ci.BuildKit;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Docker.Credentials;
using Docker.DotNet.Models;

namespace Ci.Pipeline.Docker.Classic;

/// <summary>Builds with the engine's classic builder. The image has no labels but one, by which what the builder leaves in the
/// engine is known: each would be a step, with a container and a commit. It is always the same, so that it comes out of the
/// cache.</summary>
public sealed class ClassicImageBuilder(EngineClient client, RegistryCredentialStore credentials) : IImageBuilder
{
    // Microseconds; the kernel's own default.
    private const long CpuPeriod = 100_000;

    public async Task<BuiltImage> BuildAsync(EngineBuild build, Action<BuildEvent> happened, CancellationToken cancellationToken)
    {
        // Strangers' commits get no base that the registry would not give to anybody.
        var known = build.IsUntrusted ? new Dictionary<string, RegistryCredentials>() : await credentials.AllAsync(cancellationToken);
        using var api = client.OpenWith(RegistryAuthHeader.AllHeader, RegistryAuthHeader.All(known));
        await using var context = new BuildContext(build.WriteContext, start: default, cancellationToken);
        var output = new ClassicOutput(happened);
        try
        {
            return await client.CallAsync(
                async () =>
                {
                    var parameters = Parameters(build);
#pragma warning disable CS0618 // Its note is that it does not wait for the build: we do, by reading to the end.
                    await using var answer = await api.Images.BuildImageFromDockerfileAsync(context.Content, parameters, cancellationToken);
#pragma warning restore CS0618
                    var image = await ReadAsync(answer, output, happened, cancellationToken);
                    await NameAsync(image, build.Name, cancellationToken);
                    return new BuiltImage(image) { HasLabels = false };
                },
                cancellationToken);
        }
        catch (Exception e)
        {
            // A context that could not be written, and not the request that it broke, is the reason.
            await context.ThrowIfFailedAsync();
            (e as ImageRefusedException)?.Failure ??= output.Fail(e.Message);
            throw;
        }
    }

    private static ImageBuildParameters Parameters(EngineBuild build) => new()
    {
        Dockerfile = build.Dockerfile,
        Target = build.Target,
        Platform = build.Platform,
        BuildArgs = build.Args.ToDictionary(StringComparer.Ordinal),
        Labels = new Dictionary<string, string> { [ImageTags.OwnLabel] = "" },
        ExtraHosts = [$"{build.Marker}:127.0.0.1"],
        Remove = true,
        ForceRemove = true,
        NoCache = build.IsUntrusted,
        Pull = build.IsUntrusted ? "1" : null,
        NetworkMode = build.Limits.Network.Length > 0 ? build.Limits.Network : null,
        Memory = build.Limits.Memory > 0 ? build.Limits.Memory : null,
        MemorySwap = build.Limits.Memory > 0 ? build.Limits.Memory : null,
        CPUPeriod = build.Limits.Cpus > 0 ? CpuPeriod : null,
        CPUQuota = build.Limits.Cpus > 0 ? (long)(build.Limits.Cpus * CpuPeriod) : null,
    };

    private Task NameAsync(string image, string reference, CancellationToken cancellationToken)
    {
        var colon = reference.LastIndexOf(':');
        var name = new ImageTagParameters { RepositoryName = reference[..colon], Tag = reference[(colon + 1)..] };
        return client.Api.Images.TagImageAsync(image, name, cancellationToken);
    }

    /// <summary>Reads to the end and returns the image that the Dockerfile's last step made. The step behind it is our label's,
    /// and its image is not named: an image goes with its last name, unless another was made upon it, and the next build would
    /// have to make the Dockerfile's last step again.</summary>
    private static async Task<string> ReadAsync(
        Stream answer, ClassicOutput output, Action<BuildEvent> happened, CancellationToken cancellationToken)
    {
        string? id = null;
        await foreach (var line in EngineStream.ReadAsync(answer, cancellationToken))
        {
            if (line.Error is { } error)
            {
                throw Fault(error, output.Fail(error));
            }

            id = line.ImageId ?? id;
            if (line.Stream is { } text)
            {
                output.Read(text);
            }
            else
            {
                // How far a layer of the base has come is not logged, but it is a sign of life.
                happened(line is { Status: { } status, Id: null } ? new BuildEvent.Output(null, status) : new BuildEvent.Activity());
            }
        }

        output.Finish();
        return id is null
            ? throw new ImageUnavailableException("The engine's answer ended before the image was built.")
            : output.Images is [.., var last, _] ? last : id;
    }

    private static Exception Fault(string error, StepFailure? failure)
    {
        var fault = EngineErrors.OfBuild(error);
        (fault as ImageRefusedException)?.Failure = failure;
        return fault;
    }
}
