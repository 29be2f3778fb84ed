using Ci.Web.Answers;
using Ci.Web.Pages;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Ci.Functions;

/// <summary>The files that pages need.</summary>
public static class PageAssetsFunction
{
    [Function("GetPageAsset")]
    [AllowAnonymous]
    public static IResult Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "assets/{name}")] HttpRequest request, string name)
    {
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
