using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Docker;
using Ci.Pipeline.Registry;
using Ci.Pipeline.Telemetry;
using Ci.Pipeline.Text;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Worker;

/// <summary>Moves the tags to what was pushed: claims them, so that each ends at the newest build, makes sure that the build is
/// still its worker's, and moves them; and takes a closed pull request's tag away.</summary>
public sealed class TagPublisher(RegistryClient registry, TagOwnership ownership, IOptions<RegistryOptions> options)
{
    // Writing a few manifests takes milliseconds. It is not broken off half-way when a host stops, so it has a limit of its own.
    private static readonly TimeSpan PublishingLimit = TimeSpan.FromSeconds(10);

    /// <summary>Moves the tags, if the build is still ours, and to the end even if the host stops meanwhile.</summary>
    public async Task<IReadOnlyList<PushedImage>> PublishAsync(
        BuildLease lease, IReadOnlyList<CommitImage> pushed, BuildLog log, CancellationToken cancellationToken)
    {
        lease.Begin(StageKind.Tags);
        log.Begin(StageKind.Tags);
        using var span = BuildTelemetry.Stage("move tags");
        using var limit = new CancellationTokenSource(PublishingLimit);
        var confirming = lease.ConfirmAsync(cancellationToken);
        return await Task.WhenAll(pushed.Select(image => PublishAsync(lease, image, confirming, log, limit.Token)));
    }

    private async Task<PushedImage> PublishAsync(
        BuildLease lease, CommitImage image, Task confirming, BuildLog log, CancellationToken cancellationToken)
    {
        var moving = ImageTags.Moving(lease.Record.Request, image.Version).ToList();
        var areMoved = await Task.WhenAll(moving.Select(tag => MoveAsync(lease, image, tag, confirming, log, cancellationToken)));
        var moved = moving.Where((_, i) => areMoved[i]);
        var repository = options.Value.RepositoryOf(image.Name);
        string[] tags = [.. moved, ImageTags.OfCommit(lease.Record.Request.Commit)];
        log.Line($"Pushed {repository} as {string.Join(", ", tags)}: {image.Manifest.Digest}, {Format.Size(image.Manifest.Size)}");
        return new PushedImage
        {
            Name = image.Name,
            Version = image.Version,
            Tags = tags,
            Reference = $"{repository}:{tags[0]}",
            Digest = image.Manifest.Digest,
            Size = image.Manifest.Size,
        };
    }

    /// <summary>Moves one tag, unless it belongs to a newer build.</summary>
    private async Task<bool> MoveAsync(
        BuildLease lease, CommitImage image, string tag, Task confirming, BuildLog log, CancellationToken cancellationToken)
    {
        if (await ownership.ClaimAsync(lease.Record, image.Name, tag, lease.Owner, cancellationToken) is not { } claim)
        {
            await confirming;
            log.Line($"{image.Name}:{tag} stays where it is: a later pull request has it");
            return false;
        }

        try
        {
            // To claim a tag moves nothing; to move it, the build must be ours for certain.
            await confirming;
        }
        catch
        {
            await ownership.ReleaseAsync(claim, cancellationToken);
            throw;
        }

        // A manifest that was on its way when this broke off may still arrive: then the claim holds until it runs out.
        await registry.TagAsync(options.Value.Prefix + image.Name, tag, image.Manifest, cancellationToken);
        await ownership.ReleaseAsync(claim, cancellationToken);
        return true;
    }

    /// <summary>Takes the pull request's tag off its images, and nothing else.</summary>
    public async Task<IReadOnlyList<string>> CloseAsync(BuildLease lease, BuildLog log, CancellationToken cancellationToken)
    {
        var tag = ImageTags.OfPullRequest(lease.Record.Request.PullRequest);
        var names = await ownership.ImagesWithAsync(lease.Record, tag, cancellationToken);
        if (names.Count == 0)
        {
            return [];
        }

        await lease.ConfirmAsync(cancellationToken);
        var gone = new List<string>();
        foreach (var name in names)
        {
            if (await ownership.ClaimAsync(lease.Record, name, tag, lease.Owner, cancellationToken) is { } claim)
            {
                await registry.UntagAsync(options.Value.Prefix + name, tag, cancellationToken);
                await ownership.ForgetAsync(claim, cancellationToken);
                log.Line($"Removed {name}:{tag} from the registry");
                gone.Add($"{name}:{tag}");
            }
        }

        return gone;
    }
}
