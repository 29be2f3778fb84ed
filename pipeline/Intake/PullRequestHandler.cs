using System.Text.Json;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.GitHub;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Intake;

/// <summary>Takes in what happened to a pull request.</summary>
public sealed class PullRequestHandler(
    IOptions<WebhookOptions> options,
    BuildId ids,
    BuildPolicy policy,
    Collaborators collaborators,
    BuildSubmitter submitter,
    TimeProvider time)
{
    public async Task<DeliveryResult> TakeAsync(Delivery delivery, ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        PullRequestEvent e;
        try
        {
            e = PullRequestEvent.Parse(json.Span);
        }
        catch (JsonException exception)
        {
            return new DeliveryResult.Refused(400, $"The payload is no pull_request event: {Payload.Cut(exception.Message, 300)}");
        }

        if (Payload.Problem(e) is { } problem)
        {
            return new DeliveryResult.Refused(400, problem);
        }

        var repository = e.Repository.FullName;
        var result = !options.Value.Allows(repository) ? Payload.NotAllowed(e.Repository) : policy.Decide(e) switch
        {
            Verdict.Build build => await submitter.TakeAsync(Update(delivery, e, build.Purpose, build.IsFork), cancellationToken),
            Verdict.Wait wait => await submitter.TakeAsync(
                Update(delivery, e, BuildPurpose.PullRequest, isFork: true) with { Waits = wait.Reason }, cancellationToken),
            Verdict.Approve approve => await ApproveAsync(delivery, e, approve.Login, cancellationToken),
            Verdict.Ignore ignore => new DeliveryResult.Done(ignore.Reason),
            var other => throw new InvalidOperationException($"Unknown verdict {other}."),
        };
        return result with
        {
            About = new DeliverySubject(Payload.Shown(e.Action), repository, e.Number, e.PullRequest.Head.Sha.ToLowerInvariant()),
        };
    }

    private async Task<DeliveryResult> ApproveAsync(
        Delivery delivery, PullRequestEvent e, string login, CancellationToken cancellationToken)
    {
        try
        {
            if (!await collaborators.MayWriteAsync(e.Repository.FullName, login, cancellationToken))
            {
                return new DeliveryResult.Done(
                    $"ignored: {Payload.Shown(login)} set the label {Payload.Shown(e.Label?.Name ?? "")}, "
                    + $"but has no write access to {e.Repository.FullName}");
            }
        }
        catch (GitHubException problem)
        {
            return new DeliveryResult.Refused(503, $"{problem.Message} Then press Redeliver.");
        }

        var change = Update(delivery, e, BuildPurpose.PullRequest, isFork: true);
        return await submitter.TakeAsync(change with { Request = change.Request with { ApprovedBy = login } }, cancellationToken);
    }

    private PullRequestUpdate Update(Delivery delivery, PullRequestEvent e, BuildPurpose purpose, bool isFork)
    {
        var repository = e.Repository.FullName;
        var request = new BuildRequest
        {
            IsFork = isFork,
            BuildId = ids.Of(repository, e.Number, e.PullRequest.Head.Sha, purpose),
            Purpose = purpose,
            Repository = repository,
            PullRequest = e.Number,
            Commit = e.PullRequest.Head.Sha.ToLowerInvariant(),
            Title = Payload.Cut(e.PullRequest.Title, 200),
            Url = Payload.Cut(e.PullRequest.HtmlUrl, 500),
            Author = Payload.Cut(e.PullRequest.User?.Login ?? "ghost", 100),
            HeadRef = Payload.Cut(e.PullRequest.Head.Ref, 255),
            BaseRef = Payload.Cut(e.PullRequest.Base.Ref, 255),
            DefaultBranch = e.Repository.DefaultBranch is { } branch ? Payload.Cut(branch, 255) : null,
            IsPrivate = e.Repository.Private,
            RepositoryKilobytes = e.Repository.Size,
            UpdatedAt = e.PullRequest.UpdatedAt,
            Delivery = Payload.Shown(delivery.Id ?? ""),
            QueuedAt = time.GetUtcNow(),
        };
        return new PullRequestUpdate(request, e.Before?.ToLowerInvariant(), e.Action == "reopened");
    }
}
