using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Intake;
using Ci.Pipeline.Queue;
using Ci.Pipeline.Reporting;
using Ci.Web.Answers;
using Ci.Web.Api;
using Ci.Web.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Ci.Functions;

/// <summary>The messages that were given up.</summary>
public sealed class PoisonQueueFunction(PoisonQueue poisonQueue, BuildStore store, BuildActions actions, BuildViews views)
{
    /// <summary><c>GET /api/dead-letters</c>: the oldest 32, each with the build that it asked for and why that was given up; in
    /// a browser a page.</summary>
    [Function("ListPoisonQueue")]
    public async Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "dead-letters")] HttpRequest request, CancellationToken cancellationToken)
    {
        var (oldest, count) = await poisonQueue.ListAsync(cancellationToken);
        var shown = new List<PoisonMessageView>();
        foreach (var message in oldest)
        {
            var build = message.Request is null ? null : await store.FindAsync(message.Request.BuildId, cancellationToken);
            shown.Add(views.Of(message, build));
        }

        var view = new PoisonQueueView(count, shown);
        request.HttpContext.Response.Headers.Vary = "Accept";
        return request.WantsPage()
            ? new PageResult<PoisonQueuePage>(new() { [nameof(PoisonQueuePage.Queue)] = view })
            : Results.Json(view, ReportJson.Default.PoisonQueueView);
    }

    /// <summary><c>POST /api/dead-letters/{id}/replay</c>: builds what it asked for, and removes it.</summary>
    [Function("ReplayPoisonMessage")]
    public async Task<IResult> ReplayAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "dead-letters/{id}/replay")] HttpRequest request,
        string id,
        CancellationToken cancellationToken)
    {
        ActionResult? result = null;
        var message = await poisonQueue.TakeAsync(
            id,
            async message => message.Request is not null
                && (result = await actions.ReplayAsync(message.Request, cancellationToken)).Problem is null,
            cancellationToken);
        return (message, result) switch
        {
            (null, _) => Problem(404, "There is no dead letter of this id."),
            ({ Problem: { } problem }, _) => Problem(409, $"It cannot be replayed, for it cannot be read: {problem}"),
            (_, { Problem: { } problem }) => Problem(409, problem),
            _ when request.IsForm() => new SeeOther(PublicAddress.PathTo(result!.Record!.Id)),
            _ => Results.Json(views.Of(result!.Record!), ReportJson.Default.BuildView),
        };

        static ProblemResult Problem(int status, string sentence) => new(status, sentence, Paths.PoisonQueue);
    }
}
