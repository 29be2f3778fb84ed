using Ci.Pipeline.Builds.Storage;
using Ci.Web.Answers;
using Ci.Web.Api;
using Ci.Web.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Ci.Functions;

/// <summary>Tells what was decided about deliveries, and why.</summary>
public sealed class DeliveriesFunction(DeliveryLog deliveryLog)
{
    private const int MaxCount = 1000;

    /// <summary><c>GET /api/deliveries?count=50</c>: the newest, newest first; with <c>repository=owner/name&amp;pull=7</c> those
    /// of a pull request; in a browser a page.</summary>
    [Function("ListDeliveries")]
    public async Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "deliveries")] HttpRequest request, CancellationToken cancellationToken)
    {
        var repository = request.Query["repository"].ToString();
        if (!QueryNumber.TryRead(request.Query["count"], 50, 1, MaxCount, out var count)
            || !QueryNumber.TryRead(request.Query["pull"], 0, 1, int.MaxValue, out var pull)
            || (pull > 0) != (repository.Length > 0))
        {
            return new ProblemResult(
                400, $"count must be from 1 to {MaxCount}, and repository=owner/name and pull=NUMBER come together.", Paths.Deliveries);
        }

        var entries = await (pull > 0
            ? deliveryLog.OfPullRequestAsync(
                repository.Replace("'", "", StringComparison.Ordinal), (int)pull, (int)count, cancellationToken)
            : deliveryLog.NewestAsync((int)count, cancellationToken));
        request.HttpContext.Response.Headers.Vary = "Accept";
        return request.WantsPage()
            ? new PageResult<DeliveriesPage>(new()
            {
                [nameof(DeliveriesPage.Entries)] = entries,
                [nameof(DeliveriesPage.Repository)] = repository,
                [nameof(DeliveriesPage.PullRequest)] = pull > 0 ? (int)pull : null,
            })
            : Json(entries);
    }

    /// <summary><c>GET /api/deliveries/{id}</c>: what was decided about one, each time that it came.</summary>
    [Function("GetDelivery")]
    public async Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "deliveries/{id}")] HttpRequest request,
        string id,
        CancellationToken cancellationToken) =>
        Guid.TryParse(id, out var delivery) && await deliveryLog.OfDeliveryAsync(delivery, cancellationToken) is { Count: > 0 } entries
            ? Json(entries)
            : new ProblemResult(404, "No delivery of this GUID came, or it was not signed.", Paths.Deliveries);

    private static IResult Json(IReadOnlyList<DeliveryLogEntry> entries) =>
        Results.Json(entries, ReportJson.Default.IReadOnlyListDeliveryLogEntry);
}
