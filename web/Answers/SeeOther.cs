using Microsoft.AspNetCore.Http;

namespace Ci.Web.Answers;

/// <summary>303; <c>Results.Redirect</c> knows 302 and 307.</summary>
public sealed class SeeOther(string address) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
        httpContext.Response.Headers.Location = address;
        return Task.CompletedTask;
    }
}
