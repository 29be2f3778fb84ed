using System.Text.Json;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.GitHub;
using Ci.Pipeline.Text;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Intake;

/// <summary>Takes in comments: <c>/build</c> approves the commit of a fork that waits for it, if its author may write to the
/// repository.</summary>
public sealed class IssueCommentHandler(
    IOptions<WebhookOptions> options, BuildAdmission admission, Collaborators collaborators, BuildSubmitter submitter, TimeProvider time)
{
    public async Task<DeliveryResult> TakeAsync(ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        IssueCommentEvent e;
        try
        {
            e = IssueCommentEvent.Parse(json.Span);
        }
        catch (JsonException exception)
        {
            return new DeliveryResult.Refused(400, $"The payload is no issue_comment event: {Payload.Cut(exception.Message, 300)}");
        }

        if (Payload.Problem(e) is { } problem)
        {
            return new DeliveryResult.Refused(400, problem);
        }

        return await DecideAsync(e, cancellationToken) with
        {
            About = new DeliverySubject(Payload.Shown(e.Action), e.Repository.FullName, e.Issue.Number, null),
        };
    }

    private async Task<DeliveryResult> DecideAsync(IssueCommentEvent e, CancellationToken cancellationToken)
    {
        // An edited comment may have been another's when it was approved of.
        if (e.Action != "created" || e.Issue.PullRequest is null || e.Sender is not { } sender
            || BuildCommand.Parse(e.Comment.Body) is not { } command)
        {
            return new DeliveryResult.Done("ignored: only a new comment /build on a pull request does something");
        }

        return options.Value.Allows(e.Repository.FullName)
            ? await submitter.StoringAsync(token => ApproveAsync(e, command, sender.Login, token), cancellationToken)
            : Payload.NotAllowed(e.Repository);
    }

    private async Task<DeliveryResult> ApproveAsync(
        IssueCommentEvent e, BuildCommand command, string login, CancellationToken cancellationToken)
    {
        if (await admission.NewestAsync(e.Repository.FullName, e.Issue.Number, cancellationToken)
            is not { Record: { State: BuildState.Waiting } record } newest)
        {
            return new DeliveryResult.Done($"ignored: no commit of pull request #{e.Issue.Number} waits for approval");
        }

        if (WhyNot(e, command, newest.Head) is { } reason)
        {
            return new DeliveryResult.Done($"ignored: {reason}", record.Id);
        }

        try
        {
            if (!await collaborators.MayWriteAsync(e.Repository.FullName, login, cancellationToken))
            {
                return new DeliveryResult.Done(
                    $"ignored: {Payload.Shown(login)} has no write access to {e.Repository.FullName}", record.Id);
            }
        }
        catch (GitHubException problem)
        {
            return new DeliveryResult.Refused(503, $"{problem.Message} Then press Redeliver.");
        }

        var approved = record.Request with { ApprovedBy = login, UpdatedAt = newest.Head.UpdatedAt, QueuedAt = time.GetUtcNow() };
        return await submitter.TakeAsync(new PullRequestUpdate(approved), cancellationToken);
    }

    /// <summary>Whoever wrote the comment must have been able to see the commit that waits.</summary>
    private static string? WhyNot(IssueCommentEvent e, BuildCommand command, PullRequestHead head)
    {
        var commit = Format.Commit(head.Commit);
        if (command.Commit is { } named)
        {
            return head.Commit.StartsWith(named, StringComparison.Ordinal)
                ? null
                : $"the comment approves {named}, but what waits is {commit}";
        }

        // GitHub's times are whole seconds, so within one nobody knows which was first.
        return e.Comment.CreatedAt > head.UpdatedAt
            ? null
            : $"{commit} was pushed after the comment, or in the same second; comment {BuildCommand.For(head.Commit)} to approve it";
    }
}
