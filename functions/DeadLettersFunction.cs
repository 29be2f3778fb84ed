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
public sealed class DeadLettersFunction(PoisonQueue poisonQueue, BuildStore store, BuildActions actions, BuildViews views, WebPages pages)
{
    /// <summary><c>GET /api/dead-letters</c>: the oldest 32, each with the build that it asked for and why that was given up; in a browser a page.</summary>
    [Function("ListDeadLetters")]
    public async Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "dead-letters")] HttpRequest request, CancellationToken cancellationToken)
    {
        var (oldest, count) = await poisonQueue.ListAsync(cancellationToken);
        var shown = new List<DeadLetterView>();
        foreach (var letter in oldest)
        {
            var build = letter.Request is null ? null : await store.FindAsync(letter.Request.BuildId, cancellationToken);
            shown.Add(views.Of(letter, build));
        }

        var view = new DeadLettersView(count, shown);
        request.HttpContext.Response.Headers.Vary = "Accept";
        return request.WantsPage() ? new PageResult(pages.PoisonQueue(view)) : Results.Json(view, ReportJson.Default.DeadLettersView);
    }

    /// <summary><c>POST /api/dead-letters/{id}/replay</c>: builds what it asked for, and removes it.</summary>
    [Function("ReplayDeadLetter")]
    public async Task<IResult> ReplayAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "dead-letters/{id}/replay")] HttpRequest request, string id, CancellationToken cancellationToken)
    {
        ActionResult? result = null;
        var letter = await poisonQueue.TakeAsync(
            id,
            async letter => letter.Request is not null && (result = await actions.ReplayAsync(letter.Request, cancellationToken)).Problem is null,
            cancellationToken);
        return (letter, result) switch
        {
            (null, _) => Problem(request, 404, "There is no dead letter of this id."),
            ({ Problem: { } problem }, _) => Problem(request, 409, $"It cannot be replayed, for it cannot be read: {problem}"),
            (_, { Problem: { } problem }) => Problem(request, 409, problem),
            _ when request.IsForm() => new SeeOther(PublicAddress.PathTo(result!.Record!.Id)),
            _ => Results.Json(views.Of(result!.Record!), ReportJson.Default.BuildView),
        };
    }

    private static IResult Problem(HttpRequest request, int status, string sentence) => request.IsForm()
        ? new PageResult(WebPages.Problem(status, sentence, "/api/dead-letters"))
        : ApiProblem.Of(status, sentence);
}
