using Microsoft.AspNetCore.Http;

namespace Ci.StandIn;

/// <summary>A request to the API and what it was answered, to be held against GitHub's own description of the API.</summary>
public sealed record Exchange
{
    public required string Method { get; init; }

    public required string Path { get; init; }

    public required IReadOnlyDictionary<string, string> Query { get; init; }

    public required IReadOnlyDictionary<string, string> RequestHeaders { get; init; }

    public required string RequestBody { get; init; }

    public required int Status { get; init; }

    public required IReadOnlyDictionary<string, string> ResponseHeaders { get; init; }

    /// <summary>The answer if it was JSON; other answers have none or are not kept.</summary>
    public string? ResponseBody { get; init; }

    /// <summary>Has the exchange kept at the moment when the answer starts, so that whoever got an answer finds it here.</summary>
    public static async Task RecordAsync(HttpContext context, Action<Exchange> keep)
    {
        var request = context.Request;
        request.EnableBuffering();
        using var reader = new StreamReader(request.Body, leaveOpen: true);
        var body = await reader.ReadToEndAsync(context.RequestAborted);
        request.Body.Position = 0;
        context.Response.OnStarting(() =>
        {
            keep(new Exchange
            {
                Method = request.Method,
                Path = request.Path,
                Query = request.Query.ToDictionary(q => q.Key, q => q.Value.ToString(), StringComparer.Ordinal),
                RequestHeaders = Headers(request.Headers),
                RequestBody = body,
                Status = context.Response.StatusCode,
                ResponseHeaders = Headers(context.Response.Headers),
                ResponseBody = context.Items[typeof(Answer)] as string,
            });
            return Task.CompletedTask;
        });
    }

    private static Dictionary<string, string> Headers(IHeaderDictionary headers) =>
        headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase);
}
