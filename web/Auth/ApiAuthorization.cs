using Ci.Pipeline.Intake;
using Ci.Pipeline.Reporting;
using Ci.Web.Answers;
using Ci.Web.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Ci.Web.Auth;

/// <summary>Behind the Functions host no <c>X-Forwarded-*</c> arrives here: the settings tell who stands before a tunnel.</summary>
public sealed class ApiAuthorization(ApiAccess apiAccess, IOptions<AccessOptions> access, IOptions<ReportOptions> report)
{
    public const string Cookie = "ci_ticket";

    /// <summary>For what needs no key; null when nothing is in the way.</summary>
    public IResult? RefuseEntry(HttpRequest request) => Answer(request, apiAccess.RefuseEntry(CallerOf(request)));

    /// <summary>For lists and actions; null when nothing is in the way.</summary>
    public IResult? RefuseAccess(HttpRequest request) => Answer(request, apiAccess.RefuseAccess(CallerOf(request)));

    public bool Knows(HttpRequest request) => apiAccess.Knows(CallerOf(request));

    public (string? Ticket, DateTimeOffset Ends, Refusal? Refusal) SignIn(HttpRequest request, string? key)
    {
        var signIn = apiAccess.SignIn(CallerOf(request) with { Key = key });
        AskToWait(request, signIn.Refusal);
        return signIn;
    }

    private ApiCaller CallerOf(HttpRequest request) => new()
    {
        Source = SourceOf(request),
        Key = First(request.Headers["x-functions-key"]) ?? First(request.Query["code"]),
        Ticket = request.Cookies[Cookie],
        Changes = !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method),
        IsFromElsewhere = IsFromElsewhere(request),
    };

    public string SourceOf(HttpRequest request) => RequestLimiter.SourceOf(
        request.HttpContext.Connection.RemoteIpAddress,
        access.Value.ClientAddressHeader is { Length: > 0 } header ? First(request.Headers[header]) : null);

    /// <summary>Also behind a tunnel.</summary>
    public bool IsSecure(HttpRequest request) =>
        request.IsHttps || (PublicUrl is { Scheme: "https" } url && url.Authority == request.Host.Value);

    private static IResult? Answer(HttpRequest request, Refusal? refusal)
    {
        if (refusal is null)
        {
            return null;
        }

        AskToWait(request, refusal);
        return refusal.Status == 401 && (HttpMethods.IsGet(request.Method) ? request.WantsPage() : request.IsForm())
            ? new SeeOther(Paths.SignIn)
            : new ProblemResult(refusal.Status, refusal.Problem);
    }

    private static void AskToWait(HttpRequest request, Refusal? refusal)
    {
        if (refusal?.Status == 429)
        {
            request.HttpContext.Response.Headers.RetryAfter = "60";
        }
    }

    private Uri? PublicUrl => Uri.TryCreate(report.Value.PublicUrl, UriKind.Absolute, out var url) ? url : null;

    /// <summary>Browsers say so themselves; of one that does not, the origin is compared with the address it used.</summary>
    private bool IsFromElsewhere(HttpRequest request)
    {
        if (First(request.Headers["Sec-Fetch-Site"]) is { } site)
        {
            return site is not ("same-origin" or "none");
        }

        return First(request.Headers.Origin) is { } origin
            && (!Uri.TryCreate(origin, UriKind.Absolute, out var from)
                || (from.Authority != request.Host.Value && from.Authority != PublicUrl?.Authority));
    }

    private static string? First(Microsoft.Extensions.Primitives.StringValues values) =>
        values.Count > 0 && !string.IsNullOrEmpty(values[0]) ? values[0] : null;
}
