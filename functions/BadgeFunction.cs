using Ci.Web.Answers;
using Ci.Web.Pages;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Ci.Functions;

/// <summary>Pictures for readmes.</summary>
public sealed class BadgeFunction(Badges badges)
{
    private const string Ending = ".svg";

    [Function("GetBadge")]
    [AllowAnonymous]
    public async Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "badge/{owner}/{file}")] HttpRequest request,
        string owner,
        string file,
        CancellationToken cancellationToken)
    {
        if (!file.EndsWith(Ending, StringComparison.OrdinalIgnoreCase))
        {
            return Results.NotFound();
        }

        var badge = await badges.OfAsync($"{owner}/{file[..^Ending.Length]}", cancellationToken);
        var headers = request.HttpContext.Response.Headers;
        // A picture in others' pages is what it is for.
        headers["Cross-Origin-Resource-Policy"] = "cross-origin";
        headers.ETag = badge.ETag;
        headers.CacheControl = Badge.CacheControl;
        return request.Has(badge.ETag) ? Results.StatusCode(304) : Results.Text(badge.Svg, "image/svg+xml; charset=utf-8");
    }
}
