using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Docker;
using Ci.Pipeline.Docker.Cleanup;
using Ci.Pipeline.Source;
using Ci.Pipeline.Telemetry;
using Ci.Pipeline.Text;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Worker;

/// <summary>The work of a build: fetches the commit's source, builds and pushes its images, and moves the tags. It is the one
/// class that knows the order of the stages.</summary>
public sealed class BuildJob(
    SourceStage source,
    ImageJob imageJob,
    CommitImageBuilder images,
    EngineCleanup cleanup,
    Promotion promotion,
    TagPublisher tagPublisher,
    IOptions<BuildOptions> options)
{
    public async Task<BuildOutcome> RunAsync(BuildLease lease, BuildLog log, CancellationToken cancellationToken)
    {
        var request = lease.Record.Request;
        if (request.Purpose == BuildPurpose.Close)
        {
            var gone = await tagPublisher.CloseAsync(lease, log, cancellationToken);
            return new BuildOutcome.Skipped($"Pull request #{request.PullRequest} was closed; "
                + (gone.Count == 0 ? "it has no tag in the registry." : $"removed {string.Join(", ", gone)}."));
        }

        // The pull request's tag goes whether or not the merge can be built, and nothing waits for it.
        var closing = request.Purpose == BuildPurpose.Merge ? tagPublisher.CloseAsync(lease, log, cancellationToken) : null;
        try
        {
            return await BuildAsync(lease, log, cancellationToken);
        }
        finally
        {
            await (closing ?? Task.CompletedTask);
        }
    }

    private async Task<BuildOutcome> BuildAsync(BuildLease lease, BuildLog log, CancellationToken cancellationToken)
    {
        var request = lease.Record.Request;
        log.Begin(StageKind.Source);
        log.Line($"Build of {request.Repository} pull request #{request.PullRequest} at {Format.Commit(request.Commit)}, "
            + $"attempt {lease.Record.Attempts}");
        if (lease.Record.Attempts > 1)
        {
            // The last try's worker may have died.
            await cleanup.ForgetAsync(request.BuildId, request.Commit, cancellationToken);
        }

        if (!lease.Record.IsAnew && await promotion.FindAsync(request, cancellationToken) is { } built)
        {
            lease.Plan([.. built.Select(image => image.Name)]);
            log.Line($"Nothing to build: the pull request's own build has pushed {Format.Commit(request.Commit)}");
            return new BuildOutcome.Pushed(await tagPublisher.PublishAsync(lease, built, log, cancellationToken), []);
        }

        lease.Begin(StageKind.Source);
        var fetched = await FetchAsync(lease, log, cancellationToken);
        if (fetched is not SourceStageResult.Ready ready)
        {
            return fetched switch
            {
                SourceStageResult.Empty empty => new BuildOutcome.Skipped(empty.Reason),
                SourceStageResult.Refused refused => new BuildOutcome.Failed(refused.Reason),
                _ => throw new InvalidOperationException($"Unknown source result {fetched}."),
            };
        }

        await using var commit = ready.Source;
        lease.Plan([.. ready.Images.Select(image => image.Name)]);
        var pushed = await tagPublisher.PublishAsync(lease, await PushAsync(lease, ready, log, cancellationToken), log, cancellationToken);
        return new BuildOutcome.Pushed(pushed, ready.Warnings);
    }

    private async Task<SourceStageResult> FetchAsync(BuildLease lease, BuildLog log, CancellationToken cancellationToken)
    {
        using var span = BuildTelemetry.Stage("fetch source");
        // What went wrong with a list once does not go wrong with the archive.
        var mayList = lease.Record.Attempts <= 1 && images.AsksForFiles(lease.Record.Request);
        return await source.FetchAsync(lease.Record.Request, mayList, log.Line, cancellationToken);
    }

    /// <summary>Builds every image and pushes it under its commit's tag, before the first moving tag is moved; several at once.
    /// The first that fails stops the others.</summary>
    private async Task<IReadOnlyList<CommitImage>> PushAsync(
        BuildLease lease, SourceStageResult.Ready ready, BuildLog log, CancellationToken cancellationToken)
    {
        var pushed = new CommitImage[ready.Images.Count];
        var parts = new BuildLogParts(log);
        await Parallel.ForEachAsync(
            ready.Images.Select((spec, i) => (spec, i, part: parts.Open())).ToList(),
            new ParallelOptions { MaxDegreeOfParallelism = options.Value.ImagesAtOnce, CancellationToken = cancellationToken },
            async (image, stop) =>
            {
                using (image.part)
                {
                    pushed[image.i] = await imageJob.RunAsync(lease, ready.Source, image.spec, image.part, stop);
                }
            });
        return pushed;
    }
}
