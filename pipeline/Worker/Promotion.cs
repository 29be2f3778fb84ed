using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Docker;
using Ci.Pipeline.Registry;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Worker;

/// <summary>Finds what need not be built: the images of a merge's head commit, when the pull request's own build has pushed them
/// and the registry still has them. They are then published as they are, with the digest that was tried out.</summary>
public sealed class Promotion(BuildStore store, RegistryClient registry, BuildId ids, IOptions<RegistryOptions> options)
{
    /// <summary>The images that a merge can publish as they are; null when it is to be built.</summary>
    public async Task<IReadOnlyList<CommitImage>?> FindAsync(BuildRequest request, CancellationToken cancellationToken)
    {
        if (request.Purpose != BuildPurpose.Merge)
        {
            return null;
        }

        var id = ids.Of(request.Repository, request.PullRequest, request.Commit, BuildPurpose.PullRequest);
        return await store.FindAsync(id, cancellationToken) is { Images: { Count: > 0 } pushed } built && IsGoodFor(built, request)
            ? await FindAsync(request, pushed, cancellationToken)
            : null;
    }

    // A fork's images have other names and were built within other limits. What is merged is the repository's own.
    private static bool IsGoodFor(Build built, BuildRequest request) =>
        !built.Request.IsFork && !request.IsFork && built.Request.Commit == request.Commit
        && built.Images.All(image => image.Version.Length > 0);

    private async Task<IReadOnlyList<CommitImage>?> FindAsync(
        BuildRequest request, IReadOnlyList<PushedImage> pushed, CancellationToken cancellationToken)
    {
        var tag = ImageTags.OfCommit(request.Commit);
        var manifests = await Task.WhenAll(
            pushed.Select(image => registry.FindAsync(options.Value.Prefix + image.Name, tag, cancellationToken)));
        return pushed.Zip(manifests).All(pair => pair.First.Digest == pair.Second?.Digest)
            ? [.. pushed.Zip(manifests, (image, manifest) => new CommitImage(image.Name, image.Version, manifest!))]
            : null;
    }
}
