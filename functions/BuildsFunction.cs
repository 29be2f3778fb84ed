using System.Globalization;
using Ci.Functions.Answers;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Web.Api;
using Ci.Web.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Ci.Functions;

/// <summary>Reads back what was built.</summary>
public sealed class BuildsFunction(Doors doors, BuildStore records, BuildLogs logs, BuildViews views, WebPages pages, BuildEvents events)
{
    /// <summary><c>GET /api/builds?count=50</c>: the newest builds, newest first; in a browser a page, by repository, pull request and state.</summary>
    [Function("ListBuilds")]
    public async Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "builds")] HttpRequest request, CancellationToken cancellation)
    {
        if (doors.RefuseAccess(request) is { } refusal)
        {
            return refusal;
        }

        var query = request.Query;
        if (request.WantsPage())
        {
            return new PageResult(await pages.BuildsAsync(query["repository"], query["state"], query["pull"], query["before"], cancellation));
        }

        request.HttpContext.Response.Headers.Vary = "Accept";
        var text = query["count"].ToString();
        if (!TryNumber(text, 50, out var count) || count is < 1 or > 1000)
        {
            return Problem(400, $"count is '{text}'; it must be a number from 1 to 1000.");
        }

        IReadOnlyList<BuildView> builds = [.. (await records.ListAsync((int)count, cancellation)).Select(views.Of)];
        return Results.Json(builds, ReportJson.Default.IReadOnlyListBuildView);
    }

    /// <summary><c>GET /api/builds/{id}</c>; in a browser a page.</summary>
    [Function("GetBuild")]
    public async Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "builds/{id}")] HttpRequest request, string id, CancellationToken cancellation)
    {
        if (doors.RefuseEntry(request) is { } refusal)
        {
            return refusal;
        }

        if (request.WantsPage())
        {
            return new PageResult(IsId(id) ? await pages.BuildAsync(id, request.Query["log"] == "all", cancellation) : WebPages.NoSuchBuild());
        }

        request.HttpContext.Response.Headers.Vary = "Accept";
        return await FindAsync(id, cancellation) is { } record
            ? Results.Json(views.Of(record), ReportJson.Default.BuildView)
            : NoSuchBuild();
    }

    /// <summary><c>GET /api/builds/{id}/events?offset=0</c>: what happens to it, as server-sent events, with the log from that byte on.</summary>
    [Function("GetBuildEvents")]
    public async Task<IResult> GetEventsAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "builds/{id}/events")] HttpRequest request, string id, CancellationToken cancellation)
    {
        if (doors.RefuseEntry(request) is { } refusal)
        {
            return refusal;
        }

        // A browser that lost the connection says where it was.
        var text = request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last ? last : request.Query["offset"].ToString();
        return !TryNumber(text, 0, out var offset) ? Problem(400, $"offset is '{text}'; it must be a number of bytes, 0 or more.")
            : await FindAsync(id, cancellation) is null ? NoSuchBuild()
            : new EventStream(events.FollowAsync(id, offset, cancellation));
    }

    /// <summary><c>GET /api/builds/{id}/log?offset=0</c>: the log from that byte to where it ends now.</summary>
    [Function("GetBuildLog")]
    public async Task<IResult> GetLogAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "builds/{id}/log")] HttpRequest request, string id, CancellationToken cancellation)
    {
        if (doors.RefuseEntry(request) is { } refusal)
        {
            return refusal;
        }

        var text = request.Query["offset"].ToString();
        if (!TryNumber(text, 0, out var offset))
        {
            return Problem(400, $"offset is '{text}'; it must be a number of bytes, 0 or more.");
        }

        if (await FindAsync(id, cancellation) is null)
        {
            return NoSuchBuild();
        }

        if (request.Query.ContainsKey("download"))
        {
            request.HttpContext.Response.Headers.ContentDisposition = $"attachment; filename=\"build-{id}.log\"";
        }

        var log = await logs.ReadAsync(id, offset, cancellation);
        return log is null ? Results.Text("", "text/plain; charset=utf-8") : Results.Stream(log, "text/plain; charset=utf-8");
    }

    // An id is 26 letters and digits; anything else is not worth asking the store for.
    private async Task<Build?> FindAsync(string id, CancellationToken cancellation) =>
        IsId(id) ? await records.FindAsync(id, cancellation) : null;

    private static bool IsId(string id) => id.Length == 26 && id.All(char.IsAsciiLetterOrDigit);

    private static bool TryNumber(string text, long fallback, out long number)
    {
        number = fallback;
        return text.Length == 0 || long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    private static IResult NoSuchBuild() => Problem(404, "There is no build of this id.");

    private static IResult Problem(int status, string sentence) =>
        Results.Json(new ProblemAnswer(sentence), ReportJson.Default.ProblemAnswer, statusCode: status);
}
