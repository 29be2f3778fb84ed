using Ci.Tests.Fixtures;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Ci.Tests.Tunnel;

/// <summary>Plays the ngrok agent's API: one page of tunnels, as the agent writes it.</summary>
internal sealed class NgrokStandIn : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly SemaphoreSlim _questions = new(0);
    private int _asked;

    private NgrokStandIn()
    {
        _app = Loopback.App();
        _app.MapGet("/api/tunnels", () =>
        {
            Interlocked.Increment(ref _asked);
            _questions.Release();
            return Starting
                ? Results.StatusCode(StatusCodes.Status502BadGateway)
                : Results.Json(new { tunnels = PublicUrls.Select(Tunnel), uri = "/api/tunnels" });
        });
    }

    public volatile bool Starting;

    public volatile string[] PublicUrls = ["https://first.ngrok-free.app"];

    public int Asked => Volatile.Read(ref _asked);

    public string Url => _app.Urls.First();

    public static async Task<NgrokStandIn> StartAsync()
    {
        var standIn = new NgrokStandIn();
        await standIn._app.StartAsync(TestContext.Current.CancellationToken);
        return standIn;
    }

    /// <summary>Waits until the agent was asked so many times more.</summary>
    public async Task IsAskedAsync(int times)
    {
        while (_questions.Wait(0))
        {
            // Questions of before do not count.
        }

        for (var i = 0; i < times; i++)
        {
            Assert.True(await _questions.WaitAsync(TestEnvironment.Limit, TestContext.Current.CancellationToken), $"ngrok was asked {i} times more, not {times}.");
        }
    }

    public ValueTask DisposeAsync()
    {
        _questions.Dispose();
        return _app.DisposeAsync();
    }

    private static object Tunnel(string publicUrl, int index) => new
    {
        name = $"tunnel{index}",
        uri = $"/api/tunnels/tunnel{index}",
        public_url = publicUrl,
        proto = new Uri(publicUrl).Scheme,
        config = new { addr = "http://localhost:7071", inspect = true },
    };
}
