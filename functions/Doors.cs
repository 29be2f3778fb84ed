using Ci.Functions.Answers;
using Ci.Pipeline.Access;
using Ci.Pipeline.Report;
using Microsoft.AspNetCore.Http;

namespace Ci.Functions;

/// <summary>
/// Every function's first step: puts the strict headers onto the answer, and asks <see cref="Gate"/> whether the caller may
/// come in.
/// </summary>
internal static class Doors
{
    /// <summary>The cookie with a signed-in browser's ticket.</summary>
    public const string Cookie = "ci_ticket";

    // Nothing is loaded from elsewhere, nothing inline runs, and no page of ours is shown inside another's.
    private const string ContentSecurityPolicy =
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

    /// <summary>The answer to give instead, or null: to what needs no key.</summary>
    public static IResult? RefuseEntry(this Gate gate, HttpRequest request)
    {
        BeStrict(request);
        return Answer(request, gate.RefuseEntry(CallerOf(request)));
    }

    /// <summary>The answer to give instead, or null: to lists and actions.</summary>
    public static IResult? RefuseAccess(this Gate gate, HttpRequest request)
    {
        BeStrict(request);
        return Answer(request, gate.RefuseAccess(CallerOf(request)));
    }

    /// <summary>Who asks.</summary>
    public static Caller CallerOf(HttpRequest request) => new()
    {
        Source = SourceOf(request),
        Key = First(request.Headers["x-functions-key"]) ?? First(request.Query["code"]),
        Ticket = request.Cookies[Cookie],
        Changes = !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method),
        IsFromElsewhere = IsFromElsewhere(request),
    };

    /// <summary>The address that a request comes from.</summary>
    public static string SourceOf(HttpRequest request) =>
        Throttle.SourceOf(request.HttpContext.Connection.RemoteIpAddress, request.Headers["X-Forwarded-For"]);

    /// <summary>Whether the browser reached this host with TLS, also behind a tunnel.</summary>
    public static bool IsSecure(HttpRequest request) =>
        request.IsHttps || string.Equals(request.Headers["X-Forwarded-Proto"].ToString().Split(',')[0].Trim(), "https", StringComparison.OrdinalIgnoreCase);

    /// <summary>Puts the strict headers onto the answer.</summary>
    public static void BeStrict(HttpRequest request)
    {
        var headers = request.HttpContext.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["X-Robots-Tag"] = "noindex";
        headers.CacheControl = "no-store";
    }

    private static IResult? Answer(HttpRequest request, Refusal? refusal)
    {
        if (refusal is null)
        {
            return null;
        }

        if (refusal.Status == 429)
        {
            request.HttpContext.Response.Headers.RetryAfter = "60";
        }

        return refusal.Status == 401 && (HttpMethods.IsGet(request.Method) ? request.WantsPage() : request.IsForm())
            ? new SeeOther("/api/sign-in")
            : Results.Json(new ProblemAnswer(refusal.Problem), ReportJson.Default.ProblemAnswer, statusCode: refusal.Status);
    }

    /// <summary>Browsers say so themselves; of one that does not, the origin is compared with the address it used.</summary>
    private static bool IsFromElsewhere(HttpRequest request)
    {
        if (First(request.Headers["Sec-Fetch-Site"]) is { } site)
        {
            return site is not ("same-origin" or "none");
        }

        return First(request.Headers.Origin) is { } origin
            && (!Uri.TryCreate(origin, UriKind.Absolute, out var from)
                || (from.Authority != request.Host.Value && from.Authority != First(request.Headers["X-Forwarded-Host"])));
    }

    private static string? First(Microsoft.Extensions.Primitives.StringValues values) =>
        values.Count > 0 && !string.IsNullOrEmpty(values[0]) ? values[0] : null;
}
