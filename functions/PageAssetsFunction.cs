using Ci.Functions.Answers;
using Ci.Web.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Ci.Functions;

/// <summary>The files that pages need.</summary>
public sealed class PageAssetsFunction(Doors doors)
{
    /// <summary><c>GET /api/assets/{name}</c></summary>
    [Function("GetPageAsset")]
    public IResult Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "assets/{name}")] HttpRequest request, string name)
    {
        if (doors.RefuseEntry(request) is { } refusal)
        {
            return refusal;
        }

        if (PageAssets.Find(name) is not { } asset)
        {
            return Results.NotFound();
        }

        var headers = request.HttpContext.Response.Headers;
        headers.ETag = asset.ETag;
        headers.CacheControl = asset.CacheControl(request.Query["v"]);
        return request.Has(asset.ETag) ? Results.StatusCode(304) : Results.Bytes(asset.Bytes, asset.ContentType);
    }
}
