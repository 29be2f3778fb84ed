using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ci.StandIn;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Ci.Tests.Tunnel;

/// <summary>Plays the webhook endpoints of GitHub's REST API: hooks that can be listed (the secret masked), created, changed and
/// pinged, and the list of recent deliveries.</summary>
internal sealed class HooksStandIn : IAsyncDisposable
{
    public const string Token = "a-token";

    private readonly WebApplication _app = Loopback.App();
    private readonly ConcurrentDictionary<long, JsonObject> _hooks = new();
    private readonly ConcurrentQueue<(long Hook, int Status)> _deliveries = new();
    private long _lastId = 100;

    private HooksStandIn()
    {
        _app.Use(RefuseAsync);
        _app.MapGet("/repos/{owner}/{name}/hooks", () => Json(_hooks.Values.Select(Masked)));
        _app.MapPost("/repos/{owner}/{name}/hooks", (JsonObject hook) => Json(Masked(_hooks[Add(hook)]), 201));
        _app.MapPatch("/repos/{owner}/{name}/hooks/{id:long}", (long id, JsonObject hook) => Json(Masked(_hooks[id] = With(id, hook))));
        _app.MapPost("/repos/{owner}/{name}/hooks/{id:long}/pings", Ping);
        _app.MapGet("/repos/{owner}/{name}/hooks/{id:long}/deliveries", Deliveries);
    }

    /// <summary>What every request is answered instead; takes the next one each time, the last one for ever.</summary>
    public ConcurrentQueue<(int Status, string Message)> Refusals { get; } = new();

    /// <summary>The status that the next pings end with; 200 when empty.</summary>
    public ConcurrentQueue<int> PingOutcomes { get; } = new();

    /// <summary>The requests that came in, to be held against GitHub's description of them.</summary>
    public ConcurrentQueue<Exchange> Exchanges { get; } = new();

    public string Url => _app.Urls.First();

    public IReadOnlyCollection<JsonObject> Hooks => [.. _hooks.OrderBy(hook => hook.Key).Select(hook => hook.Value)];

    public int Pinged => _deliveries.Count;

    public static async Task<HooksStandIn> StartAsync()
    {
        var standIn = new HooksStandIn();
        await standIn._app.StartAsync(TestContext.Current.CancellationToken);
        return standIn;
    }

    public long Add(string url) => Add(new JsonObject { ["config"] = new JsonObject { ["url"] = url, ["insecure_ssl"] = 0 } });

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static JsonObject With(long id, JsonObject hook)
    {
        hook["id"] = id;
        return hook;
    }

    private static IResult Json(object value, int status = 200) =>
        Results.Text(JsonSerializer.Serialize(value), "application/json", statusCode: status);

    private static JsonNode Masked(JsonObject hook)
    {
        var shown = hook.DeepClone();
        if (shown["config"]?["secret"] is not null)
        {
            shown["config"]!["secret"] = "********";
        }

        return shown;
    }

    private long Add(JsonObject hook)
    {
        var id = Interlocked.Increment(ref _lastId);
        _hooks[id] = With(id, hook);
        return id;
    }

    private IResult Ping(long id)
    {
        _deliveries.Enqueue((id, PingOutcomes.TryDequeue(out var status) ? status : 200));
        return Results.NoContent();
    }

    private IResult Deliveries(long id) => Json(_deliveries
        .Select((delivery, index) => (delivery, index))
        .Where(entry => entry.delivery.Hook == id)
        .Reverse()
        .Select(entry => new Dictionary<string, object>
        {
            ["id"] = 1000 + entry.index,
            ["event"] = "ping",
            ["status"] = entry.delivery.Status == 200 ? "OK" : "Bad Gateway",
            ["status_code"] = entry.delivery.Status,
        }));

    private async Task RefuseAsync(HttpContext context, RequestDelegate next)
    {
        await Exchange.RecordAsync(context, Exchanges.Enqueue);
        if (context.Request.Headers.Authorization != $"Bearer {Token}")
        {
            await Results.Json(new { message = "Bad credentials" }, statusCode: 401).ExecuteAsync(context);
        }
        else if (Refusals.TryPeek(out var refusal))
        {
            if (Refusals.Count > 1 || refusal.Status >= 500)
            {
                Refusals.TryDequeue(out _);
            }

            await Results.Json(new { message = refusal.Message }, statusCode: refusal.Status).ExecuteAsync(context);
        }
        else
        {
            await next(context);
        }
    }
}
