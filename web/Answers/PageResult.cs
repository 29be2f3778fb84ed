using Ci.Web.Pages;
using Microsoft.AspNetCore.Http;

namespace Ci.Web.Answers;

/// <summary>Sends a page.</summary>
public sealed class PageResult(Page page) : IResult
{
    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = page.Status;
        response.ContentType = "text/html; charset=utf-8";
        // One address has a page and JSON; and a page is of this moment.
        response.Headers.Vary = "Accept";
        response.Headers.CacheControl = "no-cache";
        return response.WriteAsync(page.Html.ToString(), httpContext.RequestAborted);
    }
}
