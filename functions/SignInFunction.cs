using Ci.Functions.Answers;
using Ci.Web.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Azure.Functions.Worker;

namespace Ci.Functions;

/// <summary>Lets a browser in that has no way to send a header: for the key it gets a cookie.</summary>
public sealed class SignInFunction(Doors doors)
{
    private const int MaxFormBytes = 4096;

    /// <summary><c>GET /api/sign-in</c></summary>
    [Function("SignInPage")]
    public IResult Show([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "sign-in")] HttpRequest request) =>
        doors.RefuseEntry(request) ?? new PageResult(SignInPage.Render());

    /// <summary><c>POST /api/sign-in</c>, a form with the field <c>key</c></summary>
    [Function("SignIn")]
    public async Task<IResult> SignInAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "sign-in")] HttpRequest request, CancellationToken cancellation)
    {
        if (!request.HasFormContentType || request.ContentLength is null or > MaxFormBytes)
        {
            return doors.RefuseEntry(request) ?? Results.Text("Send a form with the field key.", statusCode: 400);
        }

        var form = await new FormFeature(request, new FormOptions { BufferBodyLengthLimit = MaxFormBytes, ValueCountLimit = 4 }).ReadFormAsync(cancellation);
        // Whoever has the key comes in, whatever others did from the same address: so the form is read before anything is counted.
        var (ticket, ends, refusal) = doors.SignIn(request, form["key"]);
        if (ticket is null)
        {
            return new PageResult(SignInPage.Render(refusal?.Problem, refusal?.Status ?? 401));
        }

        request.HttpContext.Response.Cookies.Append(
            Doors.Cookie,
            ticket,
            new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = doors.IsSecure(request), Path = "/api", Expires = ends });
        return new SeeOther("/api/builds");
    }

    /// <summary><c>POST /api/sign-out</c></summary>
    [Function("SignOut")]
    public IResult SignOut([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "sign-out")] HttpRequest request)
    {
        if (doors.RefuseEntry(request) is { } refusal)
        {
            return refusal;
        }

        request.HttpContext.Response.Cookies.Delete(Doors.Cookie, new CookieOptions { Path = "/api", SameSite = SameSiteMode.Strict });
        return new SeeOther("/api/sign-in");
    }
}
