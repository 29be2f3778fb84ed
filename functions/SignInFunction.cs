using Ci.Pipeline.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Azure.Functions.Worker;

namespace Ci.Functions;

/// <summary>Lets a browser in that has no way to send a header: for the key it gets a cookie.</summary>
public sealed class SignInFunction(Gate gate)
{
    private const int MaxFormBytes = 4096;

    private const string Page =
        """
        <!doctype html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Sign in</title></head>
        <body>
        <main>
        <h1>Sign in</h1>
        <form method="post">
        <p><label for="key">The key in setting Api__Key</label></p>
        <p><input id="key" name="key" type="password" autocomplete="current-password" required autofocus></p>
        <p><button>Sign in</button></p>
        </form>
        </main>
        </body>
        </html>
        """;

    /// <summary><c>GET /api/sign-in</c></summary>
    [Function("SignInPage")]
    public IResult Show([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "sign-in")] HttpRequest request) =>
        gate.RefuseEntry(request) ?? Results.Text(Page, "text/html; charset=utf-8");

    /// <summary><c>POST /api/sign-in</c>, a form with the field <c>key</c></summary>
    [Function("SignIn")]
    public async Task<IResult> SignInAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "sign-in")] HttpRequest request, CancellationToken cancellation)
    {
        if (gate.RefuseEntry(request) is { } refusal)
        {
            return refusal;
        }

        if (!request.HasFormContentType || request.ContentLength is null or > MaxFormBytes)
        {
            return Results.Text("Send a form with the field key.", statusCode: 400);
        }

        var form = await new FormFeature(request, new FormOptions { BufferBodyLengthLimit = MaxFormBytes, ValueCountLimit = 4 }).ReadFormAsync(cancellation);
        if (gate.SignIn(Doors.CallerOf(request) with { Key = form["key"] }) is not { } ticket)
        {
            return Results.Text(Page.Replace("<form", "<p role=\"alert\">That is not the key.</p>\n<form", StringComparison.Ordinal), "text/html; charset=utf-8", statusCode: 401);
        }

        request.HttpContext.Response.Cookies.Append(
            Doors.Cookie,
            ticket.Ticket,
            new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = Doors.IsSecure(request), Path = "/api", Expires = ticket.Ends });
        return SeeOther(request, "/api/builds");
    }

    /// <summary><c>POST /api/sign-out</c></summary>
    [Function("SignOut")]
    public IResult SignOut([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "sign-out")] HttpRequest request)
    {
        if (gate.RefuseEntry(request) is { } refusal)
        {
            return refusal;
        }

        request.HttpContext.Response.Cookies.Delete(Doors.Cookie, new CookieOptions { Path = "/api", SameSite = SameSiteMode.Strict });
        return SeeOther(request, "/api/sign-in");
    }

    private static IResult SeeOther(HttpRequest request, string path)
    {
        request.HttpContext.Response.Headers.Location = path;
        return Results.StatusCode(303);
    }
}
