using System.Globalization;
using Ci.Functions.Answers;
using Ci.Pipeline.Builds.Storage;
using Ci.Web.Api;
using Ci.Web.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Ci.Functions;

/// <summary>Tells what was decided about deliveries, and why.</summary>
public sealed class DeliveriesFunction(Doors doors, DeliveryLog ledger, TimeProvider time)
{
    private const int MaxCount = 1000;

    /// <summary>
    /// <c>GET /api/deliveries?count=50</c>: the newest, newest first; with <c>repository=owner/name&amp;pull=7</c> those of a
    /// pull request; in a browser a page.
    /// </summary>
    [Function("ListDeliveries")]
    public async Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "deliveries")] HttpRequest request, CancellationToken cancellation)
    {
        if (doors.RefuseAccess(request) is { } refusal)
        {
            return refusal;
        }

        var repository = request.Query["repository"].ToString();
        if (!TryNumber(request.Query["count"], 50, MaxCount, out var count) || !TryNumber(request.Query["pull"], 0, int.MaxValue, out var pull) || (pull > 0) != (repository.Length > 0))
        {
            return Problem(400, $"count must be from 1 to {MaxCount}, and repository=owner/name and pull=NUMBER come together.");
        }

        var entries = await (pull > 0
            ? ledger.OfPullRequestAsync(repository.Replace("'", "", StringComparison.Ordinal), pull, count, cancellation)
            : ledger.NewestAsync(count, cancellation));
        request.HttpContext.Response.Headers.Vary = "Accept";
        return request.WantsPage()
            ? new PageResult(DeliveriesPage.Render(entries, repository, pull > 0 ? pull : null, time.GetUtcNow()))
            : Json(entries);
    }

    /// <summary><c>GET /api/deliveries/{id}</c>: what was decided about one, each time that it came.</summary>
    [Function("GetDelivery")]
    public async Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "deliveries/{id}")] HttpRequest request, string id, CancellationToken cancellation)
    {
        if (doors.RefuseAccess(request) is { } refusal)
        {
            return refusal;
        }

        return Guid.TryParse(id, out var delivery) && await ledger.OfDeliveryAsync(delivery, cancellation) is { Count: > 0 } entries
            ? Json(entries)
            : Problem(404, "No delivery of this GUID came, or it was not signed.");
    }

    private static bool TryNumber(string? text, int fallback, int most, out int number)
    {
        number = fallback;
        return string.IsNullOrEmpty(text) || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= 1 && number <= most);
    }

    private static IResult Json(IReadOnlyList<DeliveryLogEntry> entries) => Results.Json(entries, ReportJson.Default.IReadOnlyListDeliveryLogEntry);

    private static IResult Problem(int status, string sentence) =>
        Results.Json(new ProblemAnswer(sentence), ReportJson.Default.ProblemAnswer, statusCode: status);
}
