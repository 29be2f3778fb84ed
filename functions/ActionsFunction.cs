using Ci.Pipeline;
using Ci.Pipeline.Access;
using Ci.Pipeline.Report;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Ci.Functions;

/// <summary>What people do with a build by hand.</summary>
public sealed class ActionsFunction(Gate gate, BuildActions actions, BuildViews views)
{
    /// <summary><c>POST /api/builds/{id}/cancel</c></summary>
    [Function("CancelBuild")]
    public async Task<IResult> CancelAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "builds/{id}/cancel")] HttpRequest request, string id, CancellationToken cancellation) =>
        gate.RefuseAccess(request) ?? Answer(await actions.CancelAsync(id, cancellation));

    /// <summary><c>POST /api/builds/{id}/rebuild</c></summary>
    [Function("RebuildBuild")]
    public async Task<IResult> RebuildAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "builds/{id}/rebuild")] HttpRequest request, string id, CancellationToken cancellation) =>
        gate.RefuseAccess(request) ?? Answer(await actions.RebuildAsync(id, cancellation));

    private IResult Answer(ActionResult result) => result switch
    {
        { Record: null } => Results.Json(new ProblemAnswer("There is no build of this id."), ReportJson.Default.ProblemAnswer, statusCode: 404),
        { Problem: { } problem } => Results.Json(new ProblemAnswer(problem), ReportJson.Default.ProblemAnswer, statusCode: 409),
        _ => Results.Json(views.Of(result.Record), ReportJson.Default.BuildView),
    };
}
