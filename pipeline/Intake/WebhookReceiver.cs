using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Intake;

/// <summary>Takes a delivery in: checks that it is GitHub's and reads what it is about. An accepted delivery is never lost; a
/// refused one says what to do.</summary>
public sealed partial class WebhookReceiver(
    IOptions<WebhookOptions> options,
    PullRequestHandler pullRequests,
    IssueCommentHandler comments,
    DeliveryLog deliveryLog,
    RequestLimiter limiter,
    TimeProvider time,
    ILogger<WebhookReceiver> logger)
{
    private const int UsualBytes = 1 << 20;

    // GitHub itself waits no longer for the answer.
    private static readonly TimeSpan BodyLimit = TimeSpan.FromSeconds(10);

    private readonly WebhookSignature _signature = new(options.Value.WebhookSecret);

    public async Task<DeliveryResult> AcceptAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        using var span = BuildTelemetry.Delivery(delivery.Id, delivery.Event);
        var result = await DecideAsync(delivery, cancellationToken);
        switch (result)
        {
            case DeliveryResult.Accepted accepted:
                BuildTelemetry.Took(span, "accepted", accepted.BuildId, null);
                Log.Accepted(logger, delivery.Id, accepted.BuildId, accepted.Verdict);
                break;
            case DeliveryResult.Done done:
                BuildTelemetry.Took(span, "nothing to build", null, null);
                Log.NothingToDo(logger, delivery.Id, done.Verdict);
                break;
            case DeliveryResult.Refused refused:
                BuildTelemetry.Took(span, "refused", null, refused.Problem);
                Log.Refused(logger, delivery.Id, refused.Status, refused.Problem);
                break;
        }

        return result;
    }

    private async Task<DeliveryResult> DecideAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(BodyLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            if (RefuseUnread(delivery) is { } refusal)
            {
                await WebhookBody.DropAsync(delivery.Body, delivery.Length, either.Token);
                return refusal;
            }

            if (await WebhookBody.ReadAsync(delivery.Body, delivery.Length, either.Token) is { } body)
            {
                return await DecideAsync(delivery, body, cancellationToken);
            }

            await WebhookBody.DropAsync(delivery.Body, delivery.Length, either.Token);
            return TooLarge();
        }
        catch (IOException e)
        {
            return new DeliveryResult.Refused(400, $"The body could not be read: {e.Message}");
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return new DeliveryResult.Refused(408, $"The body did not arrive within {BodyLimit.TotalSeconds:F0} seconds.");
        }
    }

    /// <summary>What is refused for what its headers say: of such a body nothing is kept.</summary>
    private DeliveryResult.Refused? RefuseUnread(Delivery delivery)
    {
        if (delivery.Length > WebhookBody.MaxBytes)
        {
            return TooLarge();
        }

        // From an address with too many wrong signatures only what GitHub usually sends is looked at any more.
        if (delivery.Length is null or > UsualBytes && !limiter.CanAttempt(delivery.Source))
        {
            return TooMany();
        }

        return Problem(WebhookSignature.CheckForm(delivery.Signature)) is { } problem ? new DeliveryResult.Refused(401, problem) : null;
    }

    private async Task<DeliveryResult> DecideAsync(Delivery delivery, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        if (Problem(_signature.Check(delivery.Signature, body.Span)) is { } problem)
        {
            var mayFail = limiter.CanAttempt(delivery.Source);
            limiter.Failed(delivery.Source);
            return mayFail ? new DeliveryResult.Refused(401, problem) : TooMany();
        }

        if (WebhookBody.Json(delivery.ContentType, body) is not { } json)
        {
            return new DeliveryResult.Refused(
                415, $"Content type '{delivery.ContentType}' is not read: set the webhook's content type to application/json.");
        }

        var result = delivery.Event switch
        {
            null or "" => new DeliveryResult.Refused(400, "Header X-GitHub-Event is missing: deliveries come from GitHub, which sends it."),
            "ping" => new DeliveryResult.Done("pong: the webhook and its secret are set up right"),
            "pull_request" => await pullRequests.TakeAsync(delivery, json, cancellationToken),
            "issue_comment" => await comments.TakeAsync(json, cancellationToken),
            _ => new DeliveryResult.Done(
                $"ignored: event {Payload.Shown(delivery.Event)} builds nothing; only pull_request and issue_comment do"),
        };
        deliveryLog.Add(Entry(delivery, result));
        return result;
    }

    private DeliveryLogEntry Entry(Delivery delivery, DeliveryResult result)
    {
        var (status, verdict, build) = result switch
        {
            DeliveryResult.Accepted accepted => (202, accepted.Verdict, accepted.BuildId),
            DeliveryResult.Done done => (200, done.Verdict, done.BuildId),
            DeliveryResult.Refused refused => (refused.Status, refused.Problem, null),
            _ => throw new InvalidOperationException($"Unknown result {result}."),
        };
        return new DeliveryLogEntry
        {
            Delivery = Payload.Shown(delivery.Id ?? ""),
            At = time.GetUtcNow(),
            Event = Payload.Shown(delivery.Event ?? "") + (result.About is { } about ? "." + about.Action : ""),
            Status = status,
            Verdict = verdict,
            Repository = result.About?.Repository,
            PullRequest = result.About?.PullRequest,
            Commit = result.About?.Commit,
            BuildId = build,
        };
    }

    private static string? Problem(SignatureCheck check) => check switch
    {
        SignatureCheck.Valid => null,
        SignatureCheck.Missing =>
            "Header X-Hub-Signature-256 is missing: enter the secret (setting GitHub__WebhookSecret) in the webhook's settings.",
        SignatureCheck.Malformed => "Header X-Hub-Signature-256 is not sha256= and 64 hex digits.",
        _ => "The signature does not match: the secret in the webhook's settings and setting GitHub__WebhookSecret differ.",
    };

    private static DeliveryResult.Refused TooMany() => new(429, "Too many wrong signatures from this address; wait a minute.");

    private static DeliveryResult.Refused TooLarge() =>
        new(413, $"The body is larger than {WebhookBody.MaxBytes >> 20} MB, the most that GitHub sends.");

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "webhook  {Verdict}")]
        public static partial void Accepted(ILogger logger, string? delivery, string buildId, string verdict);

        [LoggerMessage(2, LogLevel.Information, "webhook  {Verdict}")]
        public static partial void NothingToDo(ILogger logger, string? delivery, string verdict);

        [LoggerMessage(3, LogLevel.Warning, "Delivery {Delivery} refused with {Status}: {Problem}")]
        public static partial void Refused(ILogger logger, string? delivery, int status, string problem);
    }
}
