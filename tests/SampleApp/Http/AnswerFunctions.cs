using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Azure.Functions.Worker;

namespace Ci.SampleApp.Http;

/// <summary>HTTP functions that answer in every way that there is.</summary>
public static class AnswerFunctions
{
    [Function("Nothing")]
    public static void Nothing([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "nothing")] HttpRequest request)
    {
    }

    [Function("NothingLater")]
    public static async Task NothingLaterAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "nothing-later")] HttpRequest request) =>
        await Task.Yield();

    [Function("Null")]
    public static Task<IResult?> NullAsync([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "null")] HttpRequest request) =>
        Task.FromResult<IResult?>(null);

    [Function("Throws")]
    public static Task<IResult> ThrowsAsync([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "throws")] HttpRequest request)
    {
        request.HttpContext.Response.Headers["Half-Done"] = "yes";
        throw new InvalidOperationException("the secret detail");
    }

    /// <summary>Throws when its answer has begun.</summary>
    [Function("ThrowsLate")]
    public static async Task<IResult> ThrowsLateAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "throws-late")] HttpRequest request, CancellationToken cancellationToken)
    {
        await request.HttpContext.Response.WriteAsync("half of it", cancellationToken);
        await request.HttpContext.Response.Body.FlushAsync(cancellationToken);
        throw new InvalidOperationException("the late detail");
    }

    [Function("Status")]
    public static IResult Status(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "status/{code}")] HttpRequest request, int code) =>
        Results.StatusCode(code);

    [Function("Cookies")]
    public static IResult Cookies([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "cookies")] HttpRequest request)
    {
        request.HttpContext.Response.Cookies.Append("a", "1");
        request.HttpContext.Response.Cookies.Append("b", "2");
        request.HttpContext.Response.Headers["X-Own"] = "mine";
        return Results.Json(new { name = "café" });
    }

    [Function("Guarded")]
    public static IResult Guarded([HttpTrigger(AuthorizationLevel.Function, "get", Route = "guarded")] HttpRequest request) =>
        Results.Text("in");

    /// <summary>As many megabytes as asked for, in pieces.</summary>
    [Function("Large")]
    public static IResult Large(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "large/{megabytes}")] HttpRequest request, int megabytes)
    {
        request.HttpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        return Results.Stream(
            async stream =>
            {
                var piece = new byte[1 << 20];
                for (var i = 0; i < megabytes; i++)
                {
                    await stream.WriteAsync(piece, request.HttpContext.RequestAborted);
                }
            },
            "application/octet-stream");
    }
}
