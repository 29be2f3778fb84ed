using Ci.Pipeline.Access;
using Ci.Pipeline.Report;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Ci.Functions;

/// <summary>Tells whether builds can run.</summary>
public sealed class HealthFunction(Gate gate, Health health)
{
    /// <summary><c>GET /api/health</c>: 200, or 503 with what is wrong.</summary>
    [Function("Health")]
    public async Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health")] HttpRequest request, CancellationToken cancellation)
    {
        if (gate.RefuseEntry(request) is { } refusal)
        {
            return refusal;
        }

        var seen = await health.LookAsync(cancellation);
        return Results.Json(seen, ReportJson.Default.HealthView, statusCode: seen.CanBuild ? 200 : 503);
    }
}
