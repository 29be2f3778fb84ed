using Ci.Web.Pages;
using Microsoft.AspNetCore.Http;

namespace Ci.Web.Answers;

public static class RequestExtensions
{
    public static bool WantsPage(this HttpRequest request) => Negotiation.PrefersHtml(request.Headers.Accept);

    public static bool IsForm(this HttpRequest request) => Negotiation.IsForm(request.ContentType, request.Headers.Accept);

    public static bool Has(this HttpRequest request, string etag) =>
        request.Headers.IfNoneMatch.ToString().Split(',', StringSplitOptions.TrimEntries)
            .Any(known => known == etag || known == "W/" + etag || known == "*");
}
