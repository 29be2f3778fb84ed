using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Docker;
using Ci.Pipeline.Registry;
using Ci.Pipeline.Source;
using Ci.Pipeline.Source.DockerInfo;
using Ci.Pipeline.Telemetry;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Worker;

/// <summary>The work of one image: sees whether it must be built at all, builds it and pushes it under its commit's tag.</summary>
public sealed class ImageJob(
    CommitImageBuilder images, UnchangedImages unchanged, RegistryClient registry, IOptions<RegistryOptions> options)
{
    public async Task<CommitImage> RunAsync(
        BuildLease lease, CommitSource commit, ImageSpec spec, BuildLogParts.Part log, CancellationToken cancellationToken)
    {
        log.Begin(spec.Name, $"Building {spec.Name} from {spec.DockerfilePath}");
        var stage = lease.BeginBeside(StageKind.Build, spec.Name);
        var span = BuildTelemetry.Stage("build image", spec.Name);
        try
        {
            var key = await unchanged.KeyAsync(lease.Record.Request, commit, spec, cancellationToken);
            return key is not null && !lease.Record.IsAnew && await ReuseAsync(lease, spec, key, log, cancellationToken) is { } image
                ? image
                : await images.BuildAsync(lease.Record.Request, commit, spec, key, log.Write, Pushing, cancellationToken);
        }
        catch (ImageRefusedException e)
        {
            var step = e.Failure is { } failure ? await FailedStepLocator.LocateAsync(commit, spec, failure, cancellationToken) : null;
            throw new ImageRefusedException(e.Message, e.IsCertain) { Image = spec.Name, Step = step };
        }
        finally
        {
            span.Dispose();
            stage.Dispose();
        }

        void Pushing()
        {
            stage.Dispose();
            span.Dispose();
            log.Begin(StageKind.Push, spec.Name);
            stage = lease.BeginBeside(StageKind.Push, spec.Name);
            span = BuildTelemetry.Stage("push image", spec.Name);
        }
    }

    /// <summary>Gives the commit's tag to an image that is what a build would give; null when there is none.</summary>
    private async Task<CommitImage?> ReuseAsync(
        BuildLease lease, ImageSpec spec, string key, BuildLogParts.Part log, CancellationToken cancellationToken)
    {
        try
        {
            if (await unchanged.FindAsync(lease.Record.Request, spec, key, cancellationToken) is not { } image)
            {
                return null;
            }

            var tag = ImageTags.OfCommit(lease.Record.Request.Commit);
            await registry.TagAsync(options.Value.Prefix + spec.Name, tag, image.Manifest, cancellationToken);
            log.Write(new BuildEvent.Output(
                null,
                $"Nothing to build: {options.Value.RepositoryOf(spec.Name)}@{image.Manifest.Digest} is built from "
                + "the same context, Dockerfile, arguments and bases"));
            return image;
        }
        catch (ImageRefusedException)
        {
            // It went while it was looked at.
            return null;
        }
    }
}
