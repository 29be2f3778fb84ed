using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Web.Answers;
using Ci.Web.Api;
using Ci.Web.Pages;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Ci.Functions;

/// <summary>Reads back what was built.</summary>
public sealed class BuildsFunction(BuildStore store, BuildLogs logs, BuildViews views, WebPages pages, BuildEvents events)
{
    /// <summary><c>GET /api/builds?count=50</c>: the newest builds, newest first; in a browser a page, by repository, pull
    /// request and state.</summary>
    [Function("ListBuilds")]
    public async Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "builds")] HttpRequest request, CancellationToken cancellationToken)
    {
        var query = request.Query;
        if (request.WantsPage())
        {
            return await pages.BuildsAsync(query["repository"], query["state"], query["pull"], query["before"], cancellationToken);
        }

        request.HttpContext.Response.Headers.Vary = "Accept";
        var text = query["count"].ToString();
        if (!QueryNumber.TryRead(text, 50, 1, 1000, out var count))
        {
            return new ProblemResult(400, $"count is '{text}'; it must be a number from 1 to 1000.");
        }

        IReadOnlyList<BuildView> builds = [.. (await store.ListAsync((int)count, cancellationToken)).Select(views.Of)];
        return Results.Json(builds, ReportJson.Default.IReadOnlyListBuildView);
    }

    /// <summary><c>GET /api/builds/{id}</c>; in a browser a page.</summary>
    [Function("GetBuild")]
    [AllowAnonymous]
    public async Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "builds/{id}")] HttpRequest request,
        string id,
        CancellationToken cancellationToken)
    {
        if (await FindAsync(id, cancellationToken) is not { } build)
        {
            return NoSuchBuild();
        }

        request.HttpContext.Response.Headers.Vary = "Accept";
        return request.WantsPage()
            ? await pages.BuildAsync(build, request.Query["log"] == "all", cancellationToken)
            : Results.Json(views.Of(build), ReportJson.Default.BuildView);
    }

    /// <summary><c>GET /api/builds/{id}/events?offset=0</c>: what happens to it, as server-sent events, with the log from that
    /// byte on.</summary>
    [Function("GetBuildEvents")]
    [AllowAnonymous]
    public async Task<IResult> GetEventsAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "builds/{id}/events")] HttpRequest request,
        string id,
        CancellationToken cancellationToken)
    {
        // A browser that lost the connection says where it was.
        var text = request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last ? last : request.Query["offset"].ToString();
        return !QueryNumber.TryRead(text, 0, 0, long.MaxValue, out var offset) ? NoOffset(text)
            : await FindAsync(id, cancellationToken) is null ? NoSuchBuild()
            : new EventStream(events.FollowAsync(id, offset, cancellationToken));
    }

    /// <summary><c>GET /api/builds/{id}/log?offset=0</c>: the log from that byte to where it ends now.</summary>
    [Function("GetBuildLog")]
    [AllowAnonymous]
    public async Task<IResult> GetLogAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "builds/{id}/log")] HttpRequest request,
        string id,
        CancellationToken cancellationToken)
    {
        var text = request.Query["offset"].ToString();
        if (!QueryNumber.TryRead(text, 0, 0, long.MaxValue, out var offset))
        {
            return NoOffset(text);
        }

        if (await FindAsync(id, cancellationToken) is null)
        {
            return NoSuchBuild();
        }

        if (request.Query.ContainsKey("download"))
        {
            request.HttpContext.Response.Headers.ContentDisposition = $"attachment; filename=\"build-{id}.log\"";
        }

        const string Plain = "text/plain; charset=utf-8";
        return await logs.ReadAsync(id, 0, cancellationToken) is { } log
            ? Results.Stream(output => WriteTextAsync(log, offset, output, cancellationToken), Plain)
            : Results.Text("", Plain);
    }

    private static async Task WriteTextAsync(Stream log, long offset, Stream output, CancellationToken cancellationToken)
    {
        await using (log)
        {
            await BuildLogReader.WriteTextAsync(log, offset, output, cancellationToken);
        }
    }

    // An id is 26 letters and digits; anything else is not worth asking the store for.
    private async Task<Build?> FindAsync(string id, CancellationToken cancellationToken) =>
        id.Length == 26 && id.All(char.IsAsciiLetterOrDigit) ? await store.FindAsync(id, cancellationToken) : null;

    private static ProblemResult NoSuchBuild() => new(404, "There is no build of this id.");

    private static ProblemResult NoOffset(string text) => new(400, $"offset is '{text}'; it must be a number of bytes, 0 or more.");
}
