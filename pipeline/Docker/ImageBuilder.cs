using Ci.Pipeline.Builds;
using Ci.Pipeline.Docker.Classic;
using Ci.Pipeline.Docker.Cleanup;
using Ci.Pipeline.Registry;
using Ci.Pipeline.Source;
using Ci.Pipeline.Source.Context;
using Ci.Pipeline.Source.DockerInfo;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Docker;

/// <summary>An image that is in the registry under its commit's tag.</summary>
/// <param name="Name">Its repository's name in the registry.</param>
/// <param name="Version">Its version, the tag of a merge.</param>
/// <param name="Manifest">Its manifest, as the registry gave it back.</param>
public sealed record CommitImage(string Name, string Version, Manifest Manifest);

/// <summary>Builds an image from the commit's source, pushes it, and asks the registry whether it arrived.</summary>
public sealed class ImageBuilder(
    EngineBuilder builder, DockerEngine engine, RegistryClient registry, EngineCleanup cleanup, BuildLimits limits, BuildSecrets secrets, ImageConfigRewriter rewriter, IHostApplicationLifetime lifetime, IOptions<RegistryOptions> options, TimeProvider time)
{
    private static readonly TimeSpan CleaningLimit = TimeSpan.FromSeconds(10);

    // A worker that is to end has five seconds, in which the build must be handed over; the hourly look removes what stays.
    private static readonly TimeSpan CleaningLimitAtStop = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan[] PushPauses = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4)];

    /// <summary>
    /// Builds and pushes <c>NAME:sha-…</c>; <paramref name="pushing"/> is called in between. The engine keeps its layers as
    /// cache, but no name; of a stranger's it keeps nothing.
    /// </summary>
    /// <param name="request">The build's request.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="spec">The image.</param>
    /// <param name="content">The key of what it is built from, for its label; null for none.</param>
    /// <param name="output">Gets what engine and registry say.</param>
    /// <param name="pushing">Is called once it is built.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<CommitImage> BuildAsync(
        BuildRequest request, CommitSource commit, ImageSpec spec, string? content, Action<string> output, Action pushing, CancellationToken cancellationToken)
    {
        var made = new List<string>();
        using var cleaning = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        using var stopping = lifetime.ApplicationStopping.Register(() => cleaning.CancelAfter(CleaningLimitAtStop));
        try
        {
            return await BuildAsync(request, commit, spec, content, made.Add, output, pushing, cleaning.Token, cancellationToken);
        }
        finally
        {
            if (request.IsFork)
            {
                await CleanAsync(limit => cleanup.ForgetImagesAsync(made, limit), cleaning.Token);
            }
        }
    }

    private async Task<CommitImage> BuildAsync(
        BuildRequest request, CommitSource commit, ImageSpec spec, string? content, Action<string> made, Action<string> output, Action pushing, CancellationToken cleaning,
        CancellationToken cancellationToken)
    {
        var repository = Repository(spec.Name);
        var tag = ImageTags.OfCommit(request.Commit);
        var build = new EngineBuild
        {
            Name = $"{repository}:{tag}",
            Marker = EngineCleanup.MarkerOf(request.BuildId),
            Dockerfile = ContextFilter.DockerfileName(spec),
            Target = spec.Target,
            Platform = spec.Platform,
            Args = spec.Args,
            Labels = ImageTags.Labels(request, spec.Version, spec.Labels, content),
            IsUntrusted = request.IsFork,
            StrangersMayUseBuildKit = limits.ForksUseBuildKit,
            CommittedAt = commit.CommittedAt,
            CacheFrom = CacheOf(request, repository),
            Secrets = secrets.Of(request, spec),
            Limits = limits.Of(request),
            Made = made,
            Files = commit.FilesOf(spec, ContextName(request, spec)),
            WriteContext = (stream, token) => commit.WriteContextAsync(spec, stream, token),
        };
        var built = await BuildAsync(build, output, cleaning, cancellationToken);
        Task? removing = null;
        try
        {
            var image = await engine.InspectAsync(built.Image, cancellationToken);
            limits.Check(spec, image.Size);
            await commit.ConfirmAsync(cancellationToken);
            pushing();
            var digest = await PushAsync(repository, tag, output, cancellationToken);
            removing = RemoveAsync(build.Name, cleaning);
            var stamp = new ImageStamp
            {
                Labels = built.HasLabels ? new Dictionary<string, string>() : build.Labels,
                Date = commit.CommittedAt != image.Created ? commit.CommittedAt : null,
            };
            return new CommitImage(spec.Name, spec.Version, await StampAsync(spec, tag, image.Id, VerifyAsync(spec, tag, digest, cancellationToken), stamp, output, cancellationToken));
        }
        finally
        {
            // Also when the build is stopped: a name that is left behind keeps a whole image on the disk.
            await (removing ?? RemoveAsync(build.Name, cleaning));
        }
    }

    /// <summary>Whether the builder of a request's images will ask for single files; else it wants each context in one piece.</summary>
    public bool AsksForFiles(BuildRequest request) => builder.AsksForFiles(request.IsFork, limits.ForksUseBuildKit, limits.Of(request));

    /// <summary>
    /// The engine asks only for files that it was not sent under this name, and tells files apart by size and time, which a
    /// stranger can choose: theirs are never kept for others.
    /// </summary>
    internal static string? ContextName(BuildRequest request, ImageSpec spec) =>
        request.IsFork ? null : $"{request.Repository}@{request.Commit}:{spec.Context}:{spec.DockerfilePath}";

    private Task RemoveAsync(string name, CancellationToken cleaning) => CleanAsync(limit => engine.RemoveAsync(name, limit), cleaning);

    private static async Task CleanAsync(Func<CancellationToken, Task> clean, CancellationToken cleaning)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cleaning);
        limit.CancelAfter(CleaningLimit);
        await clean(limit.Token);
    }

    /// <summary>The repository's last images: the pull request's own, and what was merged.</summary>
    private IReadOnlyList<string> CacheOf(BuildRequest request, string repository) =>
        !options.Value.Cache || request.IsFork ? [] : [$"{repository}:{ImageTags.OfPullRequest(request.PullRequest)}", $"{repository}:latest"];

    /// <summary>Removes what an earlier try left in the engine, whose worker may have died.</summary>
    public Task ForgetAsync(BuildRequest request, CancellationToken cancellationToken) => cleanup.ForgetAsync(request.BuildId, request.Commit, cancellationToken);

    /// <summary>Makes a tag point to the image.</summary>
    public Task TagAsync(CommitImage image, string tag, CancellationToken cancellationToken) =>
        registry.TagAsync(options.Value.Prefix + image.Name, tag, image.Manifest, cancellationToken);

    /// <summary>Takes a tag off an image that may have others.</summary>
    public Task UntagAsync(string name, string tag, CancellationToken cancellationToken) =>
        registry.UntagAsync(options.Value.Prefix + name, tag, cancellationToken);

    /// <summary>The image's repository as the engine and people name it: <c>registry/name</c>.</summary>
    public string Repository(string name) => $"{options.Value.Address.TrimEnd('/')}/{name}";

    private async Task<BuiltImage> BuildAsync(EngineBuild build, Action<string> output, CancellationToken cleaning, CancellationToken cancellationToken)
    {
        try
        {
            return await builder.BuildAsync(build, output, cancellationToken);
        }
        catch (Exception e) when (e is not ImageUnavailableException)
        {
            await cleanup.SweepAsync(build.Marker, cleaning);
            throw;
        }
    }

    /// <summary>What the network did to a push is mended by pushing again; the image need not be built anew.</summary>
    private async Task<string?> PushAsync(string repository, string tag, Action<string> output, CancellationToken cancellationToken)
    {
        foreach (var pause in PushPauses)
        {
            try
            {
                return await engine.PushAsync(repository, tag, options.Value.Login, output, cancellationToken);
            }
            catch (ImageUnavailableException e)
            {
                output($"{e.Message} Pushing again in {pause.TotalSeconds:0} s.\n");
                await Task.Delay(pause, time, cancellationToken);
            }
        }

        return await engine.PushAsync(repository, tag, options.Value.Login, output, cancellationToken);
    }

    private async Task<Manifest> StampAsync(
        ImageSpec spec, string tag, string imageId, Task<Manifest> pushed, ImageStamp stamp, Action<string> output, CancellationToken cancellationToken)
    {
        if (stamp.IsEmpty)
        {
            return await pushed;
        }

        if (await rewriter.SetAsync(options.Value.Prefix + spec.Name, tag, imageId, pushed, stamp, cancellationToken) is { } stamped)
        {
            return stamped;
        }

        output($"{Repository(spec.Name)}:{tag} is an index of several images; it keeps the time{(stamp.Labels.Count > 0 ? " and the labels" : "")} that the engine gave it.\n");
        return await pushed;
    }

    private async Task<Manifest> VerifyAsync(ImageSpec spec, string tag, string? pushed, CancellationToken cancellationToken)
    {
        var manifest = await registry.FindAsync(options.Value.Prefix + spec.Name, tag, cancellationToken)
            ?? throw new ImageUnavailableException(
                $"The engine pushed {Repository(spec.Name)}:{tag}, but the registry at {options.Value.ApiUrl} does not have it. Do Registry__Address and Registry__Url name the same registry?");
        return pushed is null || pushed == manifest.Digest
            ? manifest
            : throw new ImageUnavailableException(
                $"The engine pushed {pushed}, but the registry has {manifest.Digest} as {Repository(spec.Name)}:{tag}.");
    }
}
