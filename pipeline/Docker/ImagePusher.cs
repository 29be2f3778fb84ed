using Ci.Pipeline.Builds;
using Ci.Pipeline.Registry;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Docker;

/// <summary>Pushes an image under its commit's tag, and asks the registry whether it arrived.</summary>
public sealed class ImagePusher(
    DockerEngine engine, RegistryClient registry, ImageConfigRewriter rewriter, IOptions<RegistryOptions> options, TimeProvider time)
{
    private static readonly TimeSpan[] Pauses = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4)];

    /// <summary>Pushes <c>registry/name:tag</c>, again if the network fails; returns the digest, if the engine tells it.</summary>
    public async Task<string?> PushAsync(string name, string tag, Action<BuildEvent> happened, CancellationToken cancellationToken)
    {
        var repository = options.Value.RepositoryOf(name);
        foreach (var pause in Pauses)
        {
            try
            {
                return await engine.PushAsync(repository, tag, options.Value.Login, happened, cancellationToken);
            }
            catch (ImageUnavailableException e)
            {
                happened(new BuildEvent.Output(null, $"{e.Message} Pushing again in {pause.TotalSeconds:0} s."));
                await Task.Delay(pause, time, cancellationToken);
            }
        }

        return await engine.PushAsync(repository, tag, options.Value.Login, happened, cancellationToken);
    }

    /// <summary>The manifest that the registry has of what was pushed, with the labels and the time that the engine could not give.</summary>
    public async Task<Manifest> FinishAsync(
        string name,
        string tag,
        string? digest,
        string imageId,
        ImageStamp stamp,
        Action<BuildEvent> happened,
        CancellationToken cancellationToken)
    {
        var pushed = VerifyAsync(name, tag, digest, cancellationToken);
        if (!stamp.IsEmpty)
        {
            if (await rewriter.SetAsync(options.Value.Prefix + name, tag, imageId, pushed, stamp, cancellationToken) is { } stamped)
            {
                return stamped;
            }

            happened(new BuildEvent.Output(
                null,
                $"{options.Value.RepositoryOf(name)}:{tag} is an index of several images; "
                + $"it keeps the time{(stamp.Labels.Count > 0 ? " and the labels" : "")} that the engine gave it."));
        }

        return await pushed;
    }

    private async Task<Manifest> VerifyAsync(string name, string tag, string? pushed, CancellationToken cancellationToken)
    {
        var reference = $"{options.Value.RepositoryOf(name)}:{tag}";
        var manifest = await registry.FindAsync(options.Value.Prefix + name, tag, cancellationToken)
            ?? throw new ImageUnavailableException(
                $"The engine pushed {reference}, but the registry at {options.Value.ApiUrl} does not have it. "
                + "Do Registry__Address and Registry__Url name the same registry?");
        return pushed is null || pushed == manifest.Digest
            ? manifest
            : throw new ImageUnavailableException($"The engine pushed {pushed}, but the registry has {manifest.Digest} as {reference}.");
    }
}
