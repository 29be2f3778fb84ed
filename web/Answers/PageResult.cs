using Ci.Web.Pages;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Ci.Web.Answers;

public sealed class PageResult<TPage>(Dictionary<string, object?> parameters, int status = 200) : IResult
    where TPage : IComponent
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var html = await httpContext.RequestServices.GetRequiredService<PageRenderer>().RenderAsync(typeof(TPage), parameters);
        var response = httpContext.Response;
        response.StatusCode = status;
        response.ContentType = "text/html; charset=utf-8";
        // One address has a page and JSON; and a page is of this moment.
        response.Headers.Vary = "Accept";
        response.Headers.CacheControl = "no-cache";
        await response.WriteAsync(html, httpContext.RequestAborted);
    }
}
