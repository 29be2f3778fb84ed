using Microsoft.AspNetCore.Http;

namespace Ci.Web.Answers;

public sealed class EventStream(IAsyncEnumerable<string> events) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (response, gone) = (httpContext.Response, httpContext.RequestAborted);
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        // Proxies of the nginx kind would wait for more.
        response.Headers["X-Accel-Buffering"] = "no";
        try
        {
            await foreach (var text in events.WithCancellation(gone))
            {
                await response.WriteAsync(text, gone);
                await response.Body.FlushAsync(gone);
            }
        }
        catch (OperationCanceledException)
        {
            // Whoever looked went away, or the host ends; a browser comes again by itself.
        }
    }
}
