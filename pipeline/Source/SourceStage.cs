using Ci.Pipeline.Builds;
using Ci.Pipeline.GitHub;
using Ci.Pipeline.Source.Archive;
using Ci.Pipeline.Source.DockerIgnore;
using Ci.Pipeline.Source.DockerInfo;
using Ci.Pipeline.Source.Tree;
using Ci.Pipeline.Text;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Source;

public abstract record SourceStageResult
{
    /// <summary>Its source and the images to build from it; whoever has it disposes of the source.</summary>
    public sealed record Ready(CommitSource Source, IReadOnlyList<ImageSpec> Images, IReadOnlyList<string> Warnings) : SourceStageResult;

    public sealed record Empty(string Reason) : SourceStageResult;

    public sealed record Refused(string Reason) : SourceStageResult;
}

public sealed class SourceStage(ArchiveFetcher archives, GitTreeSource listing, PullRequestFiles files, IOptions<ForkOptions> forks)
{
    /// <summary>Fetches the request's commit.</summary>
    /// <param name="request">The request.</param>
    /// <param name="mayList">
    /// Whether it may come file by file. Not to a builder that wants all, and not when that went wrong before.
    /// </param>
    /// <param name="log">Gets how it came.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="GitHubUnavailableException">GitHub did not answer, or not now.</exception>
    public async Task<SourceStageResult> FetchAsync(
        BuildRequest request, bool mayList, Action<string> log, CancellationToken cancellationToken)
    {
        var result = mayList && listing.IsWorth(request.RepositoryKilobytes)
            ? await listing.ListAsync(request.Repository, request.Commit, log, cancellationToken)
            : null;
        result ??= await archives.FetchAsync(request.Repository, request.Commit, cancellationToken);
        if (result is SourceResult.Refused refused)
        {
            return new SourceStageResult.Refused(refused.Reason);
        }

        var source = ((SourceResult.Fetched)result).Source;
        var keep = false;
        try
        {
            log(source.Description);
            var read = await ReadAsync(request, source, log, cancellationToken);
            keep = read is SourceStageResult.Ready;
            return read;
        }
        catch (GitHubRefusedException e)
        {
            return new SourceStageResult.Refused(e.Message);
        }
        finally
        {
            if (!keep)
            {
                await source.DisposeAsync();
            }
        }
    }

    private async Task<SourceStageResult> ReadAsync(
        BuildRequest request, CommitSource source, Action<string> log, CancellationToken cancellationToken)
    {
        if (source.DockerInfoJson is not { } json)
        {
            return new SourceStageResult.Empty($"no dockerInfo.json at {Format.Commit(request.Commit)}: nothing to build");
        }

        switch (DockerInfoReader.Read(json))
        {
            case DockerInfoResult.Invalid invalid:
                return new SourceStageResult.Refused($"dockerInfo.json: {invalid.Problem}");
            case DockerInfoResult.Valid { Info: var info }:
                foreach (var warning in info.Warnings)
                {
                    log($"Warning: dockerInfo.json: {warning}");
                }

                var suffix = forks.Value.ImageSuffix;
                if (!request.IsFork && info.Images.FirstOrDefault(image => image.Name.EndsWith(suffix, StringComparison.Ordinal))
                    is { } taken)
                {
                    return new SourceStageResult.Refused(
                        $"dockerInfo.json: service_name '{taken.Name}' ends in '{suffix}', which the images of forks do: choose another.");
                }

                var touched = await SelectAsync(request, info.Images, cancellationToken);
                return touched.Count == 0
                    ? new SourceStageResult.Empty(
                        $"pull request #{request.PullRequest} touches none of the paths in dockerInfo.json: nothing to build")
                    : new SourceStageResult.Ready(source, Named(request, touched), info.Warnings);
            case var other:
                throw new InvalidOperationException($"Unknown result {other}.");
        }
    }

    /// <summary>A stranger's images go under names of their own: no tag of the repository's is theirs to move.</summary>
    private IReadOnlyList<ImageSpec> Named(BuildRequest request, IReadOnlyList<ImageSpec> images) =>
        request.IsFork ? [.. images.Select(image => image with { Name = image.Name + forks.Value.ImageSuffix })] : images;

    private async Task<IReadOnlyList<ImageSpec>> SelectAsync(
        BuildRequest request, IReadOnlyList<ImageSpec> images, CancellationToken cancellationToken)
    {
        if (images.All(image => image.Paths.Count == 0))
        {
            return images;
        }

        var changed = await files.ListAsync(request.Repository, request.PullRequest, cancellationToken);
        // Of a pull request with more files than GitHub lists, every image may be touched.
        return changed is null
            ? images
            : [.. images.Where(image => image.Paths.Count == 0 || PathGlobs.Matches(image.Paths, changed, cancellationToken))];
    }
}
