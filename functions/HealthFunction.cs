using Ci.Web.Answers;
using Ci.Web.Api;
using Ci.Web.Auth;
using Ci.Web.Pages;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Ci.Functions;

/// <summary>Tells whether builds can run.</summary>
public sealed class HealthFunction(ApiAuthorization authorization, Health health)
{
    /// <summary><c>GET /api/health</c>: 200, or 503 if builds cannot run, with how each part is; with the key also what is wrong
    /// with it and what to do. In a browser a page.</summary>
    [Function("Health")]
    [AllowAnonymous]
    public async Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health")] HttpRequest request, CancellationToken cancellationToken)
    {
        var seen = await health.LookAsync(cancellationToken);
        seen = authorization.Knows(request) ? seen : seen.ForStrangers();
        request.HttpContext.Response.Headers.Vary = "Accept";
        var status = seen.CanBuild ? 200 : 503;
        return request.WantsPage()
            ? new PageResult<HealthPage>(new() { [nameof(HealthPage.Health)] = seen }, status)
            : Results.Json(seen, ReportJson.Default.HealthView, statusCode: status);
    }
}
