using Ci.Web.Answers;
using Ci.Web.Auth;
using Ci.Web.Pages;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Azure.Functions.Worker;

namespace Ci.Functions;

/// <summary>Lets a browser in that has no way to send a header: for the key it gets a cookie.</summary>
public sealed class SignInFunction(ApiAuthorization authorization)
{
    private const int MaxFormBytes = 4096;

    [Function("SignInPage")]
    [AllowAnonymous]
    public static IResult Show([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "sign-in")] HttpRequest request) =>
        new PageResult<SignInPage>([]);

    /// <summary><c>POST /api/sign-in</c>, a form with the field <c>key</c></summary>
    [Function("SignIn")]
    // Whoever has the key comes in, whatever others did from the same address: so the form is read before anything is counted.
    [AllowAnonymous, DisableRateLimiting]
    public async Task<IResult> SignInAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "sign-in")] HttpRequest request, CancellationToken cancellationToken)
    {
        if (!request.HasFormContentType || request.ContentLength is null or > MaxFormBytes)
        {
            return new ProblemResult(400, "Send a form with the field key.", Paths.SignIn);
        }

        var options = new FormOptions { BufferBodyLengthLimit = MaxFormBytes, ValueCountLimit = 4 };
        var form = await new FormFeature(request, options).ReadFormAsync(cancellationToken);
        var (ticket, ends, refusal) = authorization.SignIn(request, form["key"]);
        if (ticket is null)
        {
            return new PageResult<SignInPage>(new() { [nameof(SignInPage.Problem)] = refusal?.Problem }, refusal?.Status ?? 401);
        }

        request.HttpContext.Response.Cookies.Append(
            ApiAuthorization.Cookie,
            ticket,
            new CookieOptions
            {
                HttpOnly = true,
                SameSite = SameSiteMode.Strict,
                Secure = authorization.IsSecure(request),
                Path = "/api",
                Expires = ends,
            });
        return new SeeOther(Paths.Builds);
    }

    [Function("SignOut")]
    [AllowAnonymous]
    public static IResult SignOut([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "sign-out")] HttpRequest request)
    {
        var cookie = new CookieOptions { Path = "/api", SameSite = SameSiteMode.Strict };
        request.HttpContext.Response.Cookies.Delete(ApiAuthorization.Cookie, cookie);
        return new SeeOther(Paths.SignIn);
    }
}
