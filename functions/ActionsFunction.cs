using Ci.Pipeline.Intake;
using Ci.Pipeline.Reporting;
using Ci.Web.Answers;
using Ci.Web.Api;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Ci.Functions;

/// <summary>What people do with a build by hand.</summary>
public sealed class ActionsFunction(BuildActions actions, BuildViews views)
{
    [Function("CancelBuild")]
    public async Task<IResult> CancelAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "builds/{id}/cancel")] HttpRequest request,
        string id,
        CancellationToken cancellationToken) =>
        Answer(request, id, await actions.CancelAsync(id, cancellationToken));

    [Function("RebuildBuild")]
    public async Task<IResult> RebuildAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "builds/{id}/rebuild")] HttpRequest request,
        string id,
        CancellationToken cancellationToken) =>
        Answer(request, id, await actions.RebuildAsync(id, cancellationToken));

    private IResult Answer(HttpRequest request, string id, ActionResult result) => result switch
    {
        { Record: null } => new ProblemResult(404, "There is no build of this id."),
        { Problem: { } problem } => new ProblemResult(409, problem, PublicAddress.PathTo(id)),
        _ when request.IsForm() => new SeeOther(PublicAddress.PathTo(id)),
        { Record: { } record } => Results.Json(views.Of(record), ReportJson.Default.BuildView),
    };
}
