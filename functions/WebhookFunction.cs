using Ci.Pipeline.Intake;
using Ci.Web.Answers;
using Ci.Web.Api;
using Ci.Web.Auth;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Azure.Functions.Worker;

namespace Ci.Functions;

/// <summary>Takes GitHub's deliveries.</summary>
public sealed class WebhookFunction(WebhookReceiver receiver, BuildViews views, ApiAuthorization authorization)
{
    [Function("Webhook")]
    // Wrong signatures are counted, and what GitHub signed is taken however much there is.
    [AllowAnonymous, DisableRateLimiting]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "webhook")] HttpRequest request, CancellationToken cancellationToken)
    {
        var delivery = new Delivery
        {
            Source = authorization.SourceOf(request),
            Event = request.Headers["X-GitHub-Event"],
            Id = request.Headers["X-GitHub-Delivery"],
            Signature = request.Headers["X-Hub-Signature-256"],
            ContentType = request.ContentType,
            Length = request.ContentLength,
            Body = request.Body,
        };
        return Answer(await receiver.AcceptAsync(delivery, cancellationToken));
    }

    private IResult Answer(DeliveryResult result) => result switch
    {
        DeliveryResult.Accepted a => Results.Json(
            new WebhookAnswer(a.Verdict, a.BuildId, views.LinkTo(a.BuildId)), ReportJson.Default.WebhookAnswer, statusCode: 202),
        DeliveryResult.Done d => Results.Json(
            new WebhookAnswer(d.Verdict, d.BuildId, d.BuildId is { } id ? views.LinkTo(id) : null), ReportJson.Default.WebhookAnswer),
        DeliveryResult.Refused r => new ProblemResult(r.Status, r.Problem),
        _ => throw new InvalidOperationException($"Unknown result {result}."),
    };
}
