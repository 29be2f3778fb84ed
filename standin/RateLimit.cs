using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Ci.StandIn;

/// <summary>GitHub's count of requests, which here never runs out: the same numbers in every answer's headers and at <c>/rate_limit</c>.</summary>
internal static class RateLimit
{
    private const int Limit = 5000;
    private const int Used = 1;

    public static void SetHeaders(IHeaderDictionary headers)
    {
        headers["x-ratelimit-limit"] = Limit.ToString(CultureInfo.InvariantCulture);
        headers["x-ratelimit-remaining"] = (Limit - Used).ToString(CultureInfo.InvariantCulture);
        headers["x-ratelimit-reset"] = Reset().ToString(CultureInfo.InvariantCulture);
        headers["x-ratelimit-used"] = Used.ToString(CultureInfo.InvariantCulture);
        headers["x-ratelimit-resource"] = "core";
    }

    public static IResult Overview() => new Answer(new JsonObject
    {
        ["resources"] = new JsonObject { ["core"] = Resource(Limit, Used), ["search"] = Resource(30, 0) },
        ["rate"] = Resource(Limit, Used),
    });

    private static JsonObject Resource(int limit, int used) => new()
    {
        ["limit"] = limit,
        ["used"] = used,
        ["remaining"] = limit - used,
        ["reset"] = Reset(),
    };

    private static long Reset() => DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds();
}
