using Microsoft.AspNetCore.Http;

namespace Ci.Web.Answers;

/// <summary>
/// Sends a browser whose form was done to the page that shows what came of it (303; <c>Results.Redirect</c> knows 302 and 307).
/// </summary>
public sealed class SeeOther(string address) : IResult
{
    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
        httpContext.Response.Headers.Location = address;
        return Task.CompletedTask;
    }
}
