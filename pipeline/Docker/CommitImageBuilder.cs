using Ci.Pipeline.Builds;
using Ci.Pipeline.Docker.Cleanup;
using Ci.Pipeline.Registry;
using Ci.Pipeline.Source;
using Ci.Pipeline.Source.Context;
using Ci.Pipeline.Source.DockerInfo;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Docker;

/// <summary>An image that is in the registry under its commit's tag.</summary>
/// <param name="Name">Its repository's name in the registry.</param>
/// <param name="Version">Its version, the tag of a merge.</param>
/// <param name="Manifest">Its manifest, as the registry gave it back.</param>
public sealed record CommitImage(string Name, string Version, Manifest Manifest);

/// <summary>Builds an image from the commit's source and pushes it under the commit's tag.</summary>
public sealed class CommitImageBuilder(
    ImageBuilderSelector builder,
    DockerEngine engine,
    ImagePusher pusher,
    EngineCleanup cleanup,
    BuildLimits limits,
    BuildSecrets secrets,
    IOptions<RegistryOptions> options)
{
    /// <summary>Builds and pushes <c>NAME:sha-…</c>, with <paramref name="content"/>, the key of what it is built from, in a
    /// label; <paramref name="pushing"/> is called in between. The engine keeps its layers as cache, but no name, and of a
    /// stranger's nothing.</summary>
    public async Task<CommitImage> BuildAsync(
        BuildRequest request,
        CommitSource commit,
        ImageSpec spec,
        string? content,
        Action<BuildEvent> happened,
        Action pushing,
        CancellationToken cancellationToken)
    {
        var made = new List<string>();
        var build = BuildOf(request, commit, spec, content);
        try
        {
            var built = await BuildAsync(build, Hear, cancellationToken);
            return await PushAsync(build, commit, spec, built, Hear, pushing, cancellationToken);
        }
        finally
        {
            if (request.IsFork)
            {
                await cleanup.RunAsync(limit => cleanup.ForgetImagesAsync(made, limit));
            }
        }

        void Hear(BuildEvent next)
        {
            if (next is BuildEvent.StepImage image)
            {
                made.Add(image.Id);
            }

            happened(next);
        }
    }

    /// <summary>Whether the builder of a request's images will ask for single files; else it wants each context in one piece.</summary>
    public bool AsksForFiles(BuildRequest request) => builder.AsksForFiles(request.IsFork, limits.ForksUseBuildKit, limits.Of(request));

    /// <summary>The engine asks only for files that it was not sent under this name, and tells files apart by size and time,
    /// which a stranger can choose: theirs are never kept for others.</summary>
    internal static string? ContextName(BuildRequest request, ImageSpec spec) =>
        request.IsFork ? null : $"{request.Repository}@{request.Commit}:{spec.Context}:{spec.DockerfilePath}";

    private EngineBuild BuildOf(BuildRequest request, CommitSource commit, ImageSpec spec, string? content)
    {
        var repository = options.Value.RepositoryOf(spec.Name);
        return new EngineBuild
        {
            Name = $"{repository}:{ImageTags.OfCommit(request.Commit)}",
            Marker = EngineCleanup.MarkerOf(request.BuildId),
            Dockerfile = ContextFilter.DockerfileName(spec),
            Target = spec.Target,
            Platform = spec.Platform,
            Args = spec.Args,
            Labels = ImageTags.Labels(request, spec.Version, spec.Labels, content),
            IsUntrusted = request.IsFork,
            StrangersMayUseBuildKit = limits.ForksUseBuildKit,
            CommittedAt = commit.CommittedAt,
            // The repository's last images: the pull request's own, and what was merged.
            CacheFrom = !options.Value.Cache || request.IsFork ? []
                : [$"{repository}:{ImageTags.OfPullRequest(request.PullRequest)}", $"{repository}:latest"],
            Secrets = secrets.Of(request, spec),
            Limits = limits.Of(request),
            Files = commit.FilesOf(spec, ContextName(request, spec)),
            WriteContext = (stream, token) => commit.WriteContextAsync(spec, stream, token),
        };
    }

    private async Task<BuiltImage> BuildAsync(EngineBuild build, Action<BuildEvent> happened, CancellationToken cancellationToken)
    {
        try
        {
            return await builder.BuildAsync(build, happened, cancellationToken);
        }
        catch (Exception e) when (e is not ImageUnavailableException)
        {
            await cleanup.SweepAsync(build.Marker);
            throw;
        }
    }

    private async Task<CommitImage> PushAsync(
        EngineBuild build,
        CommitSource commit,
        ImageSpec spec,
        BuiltImage built,
        Action<BuildEvent> happened,
        Action pushing,
        CancellationToken cancellationToken)
    {
        Task? removing = null;
        try
        {
            var image = await engine.InspectAsync(built.Image, cancellationToken);
            limits.Check(spec, image.Size);
            pushing();
            var tag = build.Name[(build.Name.LastIndexOf(':') + 1)..];
            var digest = await pusher.PushAsync(spec.Name, tag, happened, cancellationToken);
            removing = RemoveAsync();
            var stamp = new ImageStamp
            {
                Labels = built.HasLabels ? new Dictionary<string, string>() : build.Labels,
                Date = commit.CommittedAt != image.Created ? commit.CommittedAt : null,
            };
            var manifest = await pusher.FinishAsync(spec.Name, tag, digest, image.Id, stamp, happened, cancellationToken);
            return new CommitImage(spec.Name, spec.Version, manifest);
        }
        finally
        {
            // Also when the build is stopped: a name that is left behind keeps a whole image on the disk.
            await (removing ?? RemoveAsync());
        }

        Task RemoveAsync() => cleanup.RunAsync(limit => engine.RemoveAsync(build.Name, limit));
    }
}
