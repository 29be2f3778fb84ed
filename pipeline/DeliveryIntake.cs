using System.Text.Json;
using System.Text.RegularExpressions;
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
    BuildRecords records,
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

        if (await WebhookBody.ReadAsync(delivery.Body, delivery.Length, cancellation) is not { } body)
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
            return new DeliveryResult.Refused(400, $"The payload is no pull_request event: {exception.Message}");
        }

        if (ShapeProblem(e) is { } problem)
        {
            return new DeliveryResult.Refused(400, problem);
        }

        return policy.Decide(e) switch
        {
            Verdict.Build build => await StoreAsync(Request(delivery, e, build.Purpose), cancellation),
            Verdict.Ignore ignore => new DeliveryResult.Done(ignore.Reason),
            var other => throw new InvalidOperationException($"Unknown verdict {other}."),
        };
    }

    private async Task<DeliveryResult> StoreAsync(BuildRequest request, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(StorageOptions.TimeLimit);
        try
        {
            var verdict = $"queued: {request.Commit[..12]} of pull request #{request.PullRequest}";
            if (!await records.TryAddAsync(BuildRecord.Queued(request), limit.Token)
                && await RequeueAsync(request, limit.Token) is { } already)
            {
                return already;
            }

            await queue.SendAsync(request, limit.Token);
            return new DeliveryResult.Accepted(request.BuildId, verdict);
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException
            || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            Log.StorageUnavailable(logger, e, request.BuildId);
            return new DeliveryResult.Refused(
                503, "Storage did not take the build, so it was not accepted: see that Azurite (AzureWebJobsStorage) runs, then press Redeliver.");
        }
    }

    /// <summary>
    /// The same commit was delivered before. What is done stays done; what failed is built again; and what is queued gets
    /// its message once more, for its first one may be what storage did not take (a second one does no harm).
    /// </summary>
    private async Task<DeliveryResult?> RequeueAsync(BuildRequest request, CancellationToken cancellation)
    {
        var record = await records.FindAsync(request.BuildId, cancellation);
        switch (record?.State)
        {
            case BuildState.Succeeded:
                return new DeliveryResult.Done($"already built: {record.Summary}", record.Id);
            case BuildState.Running:
                return new DeliveryResult.Accepted(record.Id, $"already running: {request.Commit[..12]} of pull request #{request.PullRequest}");
            case BuildState.Queued:
                return null;
            default:
                await records.UpdateAsync(request.BuildId, r => r.IsFinal ? BuildRecord.Queued(request with { QueuedAt = r.Request.QueuedAt }) : null, cancellation);
                return null;
        }
    }

    private BuildRequest Request(Delivery delivery, PullRequestEvent e, BuildPurpose purpose)
    {
        var title = e.PullRequest.Title;
        var repository = e.Repository.FullName;
        return new BuildRequest
        {
            BuildId = _ids.Of(repository, e.Number, e.PullRequest.Head.Sha, purpose),
            Purpose = purpose,
            Repository = repository,
            PullRequest = e.Number,
            Commit = e.PullRequest.Head.Sha.ToLowerInvariant(),
            Title = title.Length > 200 ? title[..200] : title,
            Url = e.PullRequest.HtmlUrl,
            Author = e.PullRequest.User?.Login ?? "ghost",
            HeadRef = e.PullRequest.Head.Ref,
            BaseRef = e.PullRequest.Base.Ref,
            UpdatedAt = e.PullRequest.UpdatedAt,
            Delivery = delivery.Id ?? "",
            QueuedAt = time.GetUtcNow(),
        };
    }

    private static string? ShapeProblem(PullRequestEvent e)
    {
        if (!RepositoryName().IsMatch(e.Repository.FullName))
        {
            return $"repository.full_name is '{Shown(e.Repository.FullName)}', which is no owner/name.";
        }

        if (!CommitHash().IsMatch(e.PullRequest.Head.Sha))
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

    private static string Shown(string text) => text.Length > 100 ? text[..100] + "…" : text;

    [GeneratedRegex(@"^[A-Za-z0-9](?:[A-Za-z0-9-_]{0,99})/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}\z")]
    private static partial Regex RepositoryName();

    [GeneratedRegex(@"^(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})\z")]
    private static partial Regex CommitHash();

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
