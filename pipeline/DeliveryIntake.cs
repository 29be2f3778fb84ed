using System.Text.Json;
using Azure;
using Ci.Pipeline.Queue;
using Ci.Pipeline.Report;
using Ci.Pipeline.Webhook;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline;

/// <summary>
/// Takes a delivery in: checks it, decides, stores the build's record and its message, and only then says that it is
/// accepted. An accepted delivery is never lost; a refused one says what to do.
/// </summary>
public sealed partial class DeliveryIntake(
    IOptions<WebhookOptions> options,
    BuildPolicy policy,
    Admission admission,
    BuildQueue queue,
    TimeProvider time,
    ILogger<DeliveryIntake> logger)
{
    private readonly WebhookSignature _signature = new(options.Value.WebhookSecret);
    private readonly BuildId _ids = new(options.Value.WebhookSecret);

    /// <summary>Takes one delivery in.</summary>
    public async Task<DeliveryResult> AcceptAsync(Delivery delivery, CancellationToken cancellation)
    {
        var result = await DecideAsync(delivery, cancellation);
        switch (result)
        {
            case DeliveryResult.Accepted accepted:
                Log.Accepted(logger, delivery.Id, accepted.BuildId, accepted.Verdict);
                break;
            case DeliveryResult.Done done:
                Log.NothingToDo(logger, delivery.Id, done.Verdict);
                break;
            case DeliveryResult.Refused refused:
                Log.Refused(logger, delivery.Id, refused.Status, refused.Problem);
                break;
        }

        return result;
    }

    private async Task<DeliveryResult> DecideAsync(Delivery delivery, CancellationToken cancellation)
    {
        if (delivery.Length > WebhookBody.MaxBytes)
        {
            return TooLarge();
        }

        // A delivery that nobody signed is refused before its body is read.
        if (Problem(WebhookSignature.CheckForm(delivery.Signature)) is { } formProblem)
        {
            return new DeliveryResult.Refused(401, formProblem);
        }

        ReadOnlyMemory<byte>? read;
        try
        {
            read = await WebhookBody.ReadAsync(delivery.Body, delivery.Length, cancellation);
        }
        catch (IOException e)
        {
            return new DeliveryResult.Refused(400, $"The body could not be read: {e.Message}");
        }

        if (read is not { } body)
        {
            return TooLarge();
        }

        if (Problem(_signature.Check(delivery.Signature, body.Span)) is { } problem)
        {
            return new DeliveryResult.Refused(401, problem);
        }

        if (WebhookBody.Json(delivery.ContentType, body) is not { } json)
        {
            return new DeliveryResult.Refused(
                415, $"Content type '{delivery.ContentType}' is not read: set the webhook's content type to application/json.");
        }

        return delivery.Event switch
        {
            null or "" => new DeliveryResult.Refused(400, "Header X-GitHub-Event is missing: deliveries come from GitHub, which sends it."),
            "ping" => new DeliveryResult.Done("pong: the webhook and its secret are set up right"),
            "pull_request" => await DecidePullRequestAsync(delivery, json, cancellation),
            _ => new DeliveryResult.Done($"ignored: event {Shown(delivery.Event)} builds nothing; only pull_request does"),
        };
    }

    private async Task<DeliveryResult> DecidePullRequestAsync(Delivery delivery, ReadOnlyMemory<byte> json, CancellationToken cancellation)
    {
        PullRequestEvent e;
        try
        {
            e = PullRequestEvent.Parse(json.Span);
        }
        catch (JsonException exception)
        {
            return new DeliveryResult.Refused(400, $"The payload is no pull_request event: {Cut(exception.Message, 300)}");
        }

        if (ShapeProblem(e) is { } problem)
        {
            return new DeliveryResult.Refused(400, problem);
        }

        return policy.Decide(e) switch
        {
            Verdict.Build build => await StoreAsync(
                new HeadChange(Request(delivery, e, build.Purpose), e.Before?.ToLowerInvariant(), e.Action == "reopened", e.Action == "opened"), cancellation),
            Verdict.Ignore ignore => new DeliveryResult.Done(ignore.Reason),
            var other => throw new InvalidOperationException($"Unknown verdict {other}."),
        };
    }

    private async Task<DeliveryResult> StoreAsync(HeadChange change, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(StorageOptions.TimeLimit);
        try
        {
            var admitted = await admission.AdmitAsync(change, limit.Token);
            if (admitted is Admitted.Queued { Record: var queued })
            {
                // Of a build that is queued already, the message may be what storage did not take; a second one does no harm.
                await queue.SendAsync(queued.Request, limit.Token);
            }

            return Answer(change.Request, admitted);
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException
            || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            Log.StorageUnavailable(logger, e, change.Request.BuildId);
            return new DeliveryResult.Refused(
                503, "Storage did not take the build, so it was not accepted: see that Azurite (AzureWebJobsStorage) runs, then press Redeliver.");
        }
    }

    private static DeliveryResult Answer(BuildRequest request, Admitted admitted)
    {
        var what = $"{request.Commit[..12]} of pull request #{request.PullRequest}";
        return admitted switch
        {
            Admitted.Queued q when request.Purpose == BuildPurpose.Close =>
                new DeliveryResult.Done($"closed: the tag of pull request #{request.PullRequest} is removed", q.Record.Id),
            Admitted.Queued q => new DeliveryResult.Accepted(q.Record.Id, $"queued: {what}"),
            Admitted.Running r => new DeliveryResult.Accepted(r.Record.Id, $"already running: {what}"),
            Admitted.Built b => new DeliveryResult.Done($"already built: {b.Record.Summary}", b.Record.Id),
            Admitted.Closed => new DeliveryResult.Done($"ignored: pull request #{request.PullRequest} was closed without a merge"),
            Admitted.Late l => new DeliveryResult.Done($"late: a newer event of pull request #{request.PullRequest} is known, at {l.Newest.Commit[..12]}", l.Record?.Id),
            _ => throw new InvalidOperationException($"Unknown result {admitted}."),
        };
    }

    private BuildRequest Request(Delivery delivery, PullRequestEvent e, BuildPurpose purpose)
    {
        var repository = e.Repository.FullName;
        return new BuildRequest
        {
            BuildId = _ids.Of(repository, e.Number, e.PullRequest.Head.Sha, purpose),
            Purpose = purpose,
            Repository = repository,
            PullRequest = e.Number,
            Commit = e.PullRequest.Head.Sha.ToLowerInvariant(),
            Title = Cut(e.PullRequest.Title, 200),
            Url = Cut(e.PullRequest.HtmlUrl, 500),
            Author = Cut(e.PullRequest.User?.Login ?? "ghost", 100),
            HeadRef = Cut(e.PullRequest.Head.Ref, 255),
            BaseRef = Cut(e.PullRequest.Base.Ref, 255),
            UpdatedAt = e.PullRequest.UpdatedAt,
            Delivery = Cut(delivery.Id ?? "", 100),
            QueuedAt = time.GetUtcNow(),
        };
    }

    private static string? ShapeProblem(PullRequestEvent e)
    {
        if (!GitHubNames.IsRepository(e.Repository.FullName))
        {
            return $"repository.full_name is '{Shown(e.Repository.FullName)}', which is no owner/name.";
        }

        if (!GitHubNames.IsCommit(e.PullRequest.Head.Sha))
        {
            return $"pull_request.head.sha is '{Shown(e.PullRequest.Head.Sha)}', which is no commit of 40 or 64 hex digits.";
        }

        return e.Number < 1 ? $"number is {e.Number}; pull requests are numbered from 1." : null;
    }

    private static string? Problem(SignatureCheck check) => check switch
    {
        SignatureCheck.Valid => null,
        SignatureCheck.Missing => "Header X-Hub-Signature-256 is missing: enter the secret (setting GitHub__WebhookSecret) in the webhook's settings.",
        SignatureCheck.Malformed => "Header X-Hub-Signature-256 is not sha256= and 64 hex digits.",
        _ => "The signature does not match: the secret in the webhook's settings and setting GitHub__WebhookSecret differ.",
    };

    private static DeliveryResult.Refused TooLarge() =>
        new(413, $"The body is larger than {WebhookBody.MaxBytes >> 20} MB, the most that GitHub sends.");

    /// <summary>Everything of a request fits a queue's message and a table's row, whatever a payload has.</summary>
    private static string Cut(string text, int length) => text.Length > length ? text[..length] : text;

    private static string Shown(string text) => text.Length > 100 ? text[..100] + "…" : text;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Delivery {Delivery}: build {BuildId} {Verdict}")]
        public static partial void Accepted(ILogger logger, string? delivery, string buildId, string verdict);

        [LoggerMessage(2, LogLevel.Information, "Delivery {Delivery}: {Verdict}")]
        public static partial void NothingToDo(ILogger logger, string? delivery, string verdict);

        [LoggerMessage(3, LogLevel.Warning, "Delivery {Delivery} refused with {Status}: {Problem}")]
        public static partial void Refused(ILogger logger, string? delivery, int status, string problem);

        [LoggerMessage(4, LogLevel.Error, "Build {BuildId} could not be stored")]
        public static partial void StorageUnavailable(ILogger logger, Exception exception, string buildId);
    }
}
