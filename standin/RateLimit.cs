using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Ci.StandIn;

/// <summary>GitHub's count of requests, which here does not go on: the same numbers in every answer's headers and at
/// <c>/rate_limit</c>.</summary>
internal static class RateLimit
{
    public const int Limit = 5000;

    public static void SetHeaders(IHeaderDictionary headers, int left)
    {
        headers["x-ratelimit-limit"] = Limit.ToString(CultureInfo.InvariantCulture);
        headers["x-ratelimit-remaining"] = left.ToString(CultureInfo.InvariantCulture);
        headers["x-ratelimit-reset"] = Reset().ToString(CultureInfo.InvariantCulture);
        headers["x-ratelimit-used"] = (Limit - left).ToString(CultureInfo.InvariantCulture);
        headers["x-ratelimit-resource"] = "core";
    }

    public static IResult Overview(int left) => new Answer(new JsonObject
    {
        ["resources"] = new JsonObject { ["core"] = Resource(Limit, Limit - left), ["search"] = Resource(30, 0) },
        ["rate"] = Resource(Limit, Limit - left),
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
