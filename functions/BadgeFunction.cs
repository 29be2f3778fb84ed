using Ci.Functions.Answers;
using Ci.Web.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Ci.Functions;

/// <summary>Pictures for readmes.</summary>
public sealed class BadgeFunction(Doors doors, Badges badges)
{
    private const string Ending = ".svg";

    /// <summary><c>GET /api/badge/{owner}/{repo}.svg</c></summary>
    [Function("GetBadge")]
    public async Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "badge/{owner}/{file}")] HttpRequest request, string owner, string file, CancellationToken cancellation)
    {
        if (doors.RefuseEntry(request) is { } refusal)
        {
            return refusal;
        }

        if (!file.EndsWith(Ending, StringComparison.OrdinalIgnoreCase))
        {
            return Results.NotFound();
        }

        var badge = await badges.OfAsync($"{owner}/{file[..^Ending.Length]}", cancellation);
        var headers = request.HttpContext.Response.Headers;
        // A picture in others' pages is what it is for.
        headers["Cross-Origin-Resource-Policy"] = "cross-origin";
        headers.ETag = badge.ETag;
        headers.CacheControl = Badge.CacheControl;
        return request.Has(badge.ETag) ? Results.StatusCode(304) : Results.Text(badge.Svg, "image/svg+xml; charset=utf-8");
    }
}
