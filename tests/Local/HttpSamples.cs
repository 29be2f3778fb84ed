using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Ci.Tests.Local;

/// <summary>HTTP functions that show what they were given.</summary>
public static class HttpSamples
{
    public sealed class Echo
    {
        [Function("Echo")]
        public static async Task<IResult> RunAsync([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "echo")] HttpRequest request)
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            request.HttpContext.Response.Headers["Seen-Length"] = request.ContentLength?.ToString(CultureInfo.InvariantCulture) ?? "null";
            return Results.Bytes(body.ToArray(), "application/octet-stream");
        }

        [Function("EchoGet")]
        public static IResult Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "echo")] HttpRequest request) => Results.Json(new
        {
            q = request.Query["q"].ToArray(),
            headers = request.Headers.ToDictionary(h => h.Key, h => h.Value.ToArray(), StringComparer.OrdinalIgnoreCase),
        });
    }

    public sealed class Routes
    {
        [Function("Repository")]
        public static IResult Repository([HttpTrigger("get", Route = "of/{owner}/{repo}")] HttpRequest request, string owner, string repo) =>
            Results.Text($"{owner}|{repo}");

        [Function("Badge")]
        public static IResult Badge([HttpTrigger("get", Route = "badge/{owner}/{repo}.svg")] HttpRequest request, string owner, string repo) =>
            Results.Text($"{owner}|{repo}");

        [Function("Typed")]
        public static IResult Typed([HttpTrigger("get", Route = "typed/{number}/{id}")] HttpRequest request, int number, Guid id) =>
            Results.Text($"{number + 1}|{id:N}");

        [Function("Optional")]
        public static IResult Optional([HttpTrigger("get", Route = "optional/{name?}")] HttpRequest request, string? name) =>
            Results.Text(name ?? "none");

        [Function("AnyMethodNoRoute")]
        public static IResult Any([HttpTrigger] HttpRequest request) => Results.Text(request.Method);
    }

    public sealed class Ordered
    {
        [Function("Aardvark")]
        public static IResult Early([HttpTrigger("get", Route = "aardvark")] HttpRequest request) => Results.Text("Aardvark");

        [Function("Middle")]
        public static IResult CatchAll([HttpTrigger("get", Route = "{*rest}")] HttpRequest request) => Results.Text("Middle");

        [Function("Zebra")]
        public static IResult Late([HttpTrigger("get", Route = "zebra")] HttpRequest request) => Results.Text("Zebra");

        [Function("ZebraPost")]
        public static IResult OtherMethod([HttpTrigger("post", Route = "zebra")] HttpRequest request) => Results.Text("ZebraPost");
    }

    public sealed class Answers
    {
        [Function("Nothing")]
        public static void Nothing([HttpTrigger("get", Route = "nothing")] HttpRequest request)
        {
        }

        [Function("NothingLater")]
        public static async Task NothingLaterAsync([HttpTrigger("get", Route = "nothing-later")] HttpRequest request) => await Task.Yield();

        [Function("Null")]
        public static Task<IResult?> NullAsync([HttpTrigger("get", Route = "null")] HttpRequest request) => Task.FromResult<IResult?>(null);

        [Function("Throws")]
        public static Task<IResult> ThrowsAsync([HttpTrigger("get", Route = "throws")] HttpRequest request)
        {
            request.HttpContext.Response.Headers["Half-Done"] = "yes";
            throw new InvalidOperationException("the secret detail");
        }

        [Function("Status")]
        public static IResult Status([HttpTrigger("get", Route = "status/{code}")] HttpRequest request, int code) => Results.StatusCode(code);

        [Function("Cookies")]
        public static IResult Cookies([HttpTrigger("get", Route = "cookies")] HttpRequest request)
        {
            request.HttpContext.Response.Cookies.Append("a", "1");
            request.HttpContext.Response.Cookies.Append("b", "2");
            return Results.Json(new { name = "café" });
        }

        [Function("Guarded")]
        public static IResult Guarded([HttpTrigger(AuthorizationLevel.Function, "get", Route = "guarded")] HttpRequest request) => Results.Text("in");
    }
}
