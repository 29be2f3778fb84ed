using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;

namespace Ci.Local.Http;

/// <summary>The methods that an endpoint answers; none means any.</summary>
internal sealed record AllowedMethods(IReadOnlyList<string> Names);

/// <summary>Tells functions on one route apart by method. ASP.NET Core's own policy answers 405 where only the method is wrong;
/// the Functions host answers 404.</summary>
internal sealed class MethodPolicy : MatcherPolicy, IEndpointSelectorPolicy
{
    public override int Order => 0;

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) =>
        endpoints.Any(e => e.Metadata.GetMetadata<AllowedMethods>() is not null);

    public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
    {
        for (var i = 0; i < candidates.Count; i++)
        {
            if (candidates.IsValidCandidate(i)
                && candidates[i].Endpoint.Metadata.GetMetadata<AllowedMethods>() is { Names: { Count: > 0 } names })
            {
                candidates.SetValidity(i, names.Contains(httpContext.Request.Method));
            }
        }

        return Task.CompletedTask;
    }
}
