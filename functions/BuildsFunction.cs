using System.Globalization;
using Ci.Pipeline.Access;
using Ci.Pipeline.Report;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Ci.Functions;

/// <summary>Reads back what was built.</summary>
public sealed class BuildsFunction(Gate gate, BuildRecords records, BuildLogs logs, BuildViews views)
{
    /// <summary><c>GET /api/builds?count=50</c>: the newest builds, newest first.</summary>
    [Function("ListBuilds")]
    public async Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "builds")] HttpRequest request, CancellationToken cancellation)
    {
        if (gate.RefuseAccess(request) is { } refusal)
        {
            return refusal;
        }

        var text = request.Query["count"].ToString();
        if (!TryNumber(text, 50, out var count) || count is < 1 or > 1000)
        {
            return Problem(400, $"count is '{text}'; it must be a number from 1 to 1000.");
        }

        IReadOnlyList<BuildView> builds = [.. (await records.ListAsync((int)count, cancellation)).Select(views.Of)];
        return Results.Json(builds, ReportJson.Default.IReadOnlyListBuildView);
    }

    /// <summary><c>GET /api/builds/{id}</c></summary>
    [Function("GetBuild")]
    public async Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "builds/{id}")] HttpRequest request, string id, CancellationToken cancellation) =>
        gate.RefuseEntry(request)
        ?? (await FindAsync(id, cancellation) is { } record
            ? Results.Json(views.Of(record), ReportJson.Default.BuildView)
            : NoSuchBuild());

    /// <summary><c>GET /api/builds/{id}/log?offset=0</c>: the log from that byte to where it ends now.</summary>
    [Function("GetBuildLog")]
    public async Task<IResult> GetLogAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "builds/{id}/log")] HttpRequest request, string id, CancellationToken cancellation)
    {
        if (gate.RefuseEntry(request) is { } refusal)
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

        var log = await logs.ReadAsync(id, offset, cancellation);
        return log is null ? Results.Text("", "text/plain; charset=utf-8") : Results.Stream(log, "text/plain; charset=utf-8");
    }

    // An id is 26 letters and digits; anything else is not worth asking the store for.
    private async Task<BuildRecord?> FindAsync(string id, CancellationToken cancellation) =>
        id.Length == 26 && id.All(char.IsAsciiLetterOrDigit) ? await records.FindAsync(id, cancellation) : null;

    private static bool TryNumber(string text, long fallback, out long number)
    {
        number = fallback;
        return text.Length == 0 || long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    private static IResult NoSuchBuild() => Problem(404, "There is no build of this id.");

    private static IResult Problem(int status, string sentence) =>
        Results.Json(new ProblemAnswer(sentence), ReportJson.Default.ProblemAnswer, statusCode: status);
}
