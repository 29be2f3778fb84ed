using Ci.Web.Pages;
using Microsoft.AspNetCore.Http;

namespace Ci.Web.Answers;

/// <summary>What a request wants to see.</summary>
public static class RequestExtensions
{
    /// <summary>Whether it wants a page rather than JSON.</summary>
    public static bool WantsPage(this HttpRequest request) => Negotiation.PrefersHtml(request.Headers.Accept);

    /// <summary>Whether it is a page's form.</summary>
    public static bool IsForm(this HttpRequest request) => Negotiation.IsForm(request.ContentType, request.Headers.Accept);

    /// <summary>Whether it has the content of this entity tag already.</summary>
    public static bool Has(this HttpRequest request, string etag) =>
        request.Headers.IfNoneMatch.ToString().Split(',', StringSplitOptions.TrimEntries)
            .Any(known => known == etag || known == "W/" + etag || known == "*");
}
