using System.Net;
using Ci.Tests.Fixtures;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace Ci.Tests.Local;

/// <summary>What comes back from a function.</summary>
public sealed class AnswerTests
{
    [Theory]
    [InlineData("api/nothing")]
    [InlineData("api/nothing-later")]
    [InlineData("api/null")]
    public async Task Nothing_is_an_empty_200(string path)
    {
        var (response, body) = await GetAsync(path);

        Assert.Equal((HttpStatusCode.OK, ""), (response.StatusCode, body));
    }

    [Fact]
    public async Task An_exception_is_an_empty_500_and_is_logged()
    {
        await using var host = await TestHost.StartAsync([typeof(HttpSamples.Answers)]);
        using var response = await host.Http.GetAsync("api/throws", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal("", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.False(response.Headers.Contains("Half-Done"));
        Assert.Contains(host.Log, line => line == "Error: Throws failed the secret detail");
    }

    [Theory]
    [InlineData(204)]
    [InlineData(304)]
    [InlineData(418)]
    public async Task Any_status_is_sent_as_it_is(int code) => Assert.Equal(code, (int)(await GetAsync($"api/status/{code}")).Response.StatusCode);

    [Fact]
    public async Task Cookies_and_json_are_sent_as_written()
    {
        var (response, body) = await GetAsync("api/cookies");

        Assert.Equal(["a=1; path=/", "b=2; path=/"], response.Headers.GetValues("Set-Cookie"));
        Assert.Equal("""{"name":"café"}""", System.Text.RegularExpressions.Regex.Unescape(body));
        Assert.Equal("application/json; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Equal("Kestrel", response.Headers.Server.ToString());
        Assert.True(response.Headers.TransferEncodingChunked);
    }

    [Fact]
    public async Task Function_level_authorization_is_not_enforced() => Assert.Equal("in", (await GetAsync("api/guarded")).Body);

    [Fact]
    public async Task A_stream_is_not_buffered()
    {
        var gate = new Gate();
        await using var host = await TestHost.StartAsync([typeof(Streaming)], services: s => s.AddSingleton(gate));

        using var response = await host.Http.GetAsync("api/events", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        Assert.Equal("data: first", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        gate.Open.SetResult();

        Assert.Contains("data: second", await reader.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.ToString());
    }

    [Theory]
    [InlineData("api/wait")]
    [InlineData("api/events")]
    public async Task When_the_client_goes_away_the_function_is_cancelled(string path)
    {
        var gate = new Gate();
        await using var host = await TestHost.StartAsync([typeof(Streaming)], services: s => s.AddSingleton(gate));
        using var client = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

        var request = host.Http.GetStringAsync(path, client.Token);
        await gate.Entered.Task.WaitAsync(TestContext.Current.CancellationToken);
        await client.CancelAsync();

        await gate.Cancelled.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        await Parts.UntilAsync(() => Task.FromResult(host.Log.Any(l => l.Contains("the client went away", StringComparison.Ordinal))), "the log");
        Assert.DoesNotContain(host.Log, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_function_that_takes_longer_than_functionTimeout_is_cancelled_and_is_500()
    {
        var gate = new Gate();
        await using var host = await TestHost.StartAsync(
            [typeof(Streaming)], """{ "version": "2.0", "functionTimeout": "00:00:01" }""", services: s => s.AddSingleton(gate));

        using var response = await host.Http.GetAsync("api/wait", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.True(gate.Cancelled.Task.IsCompleted);
        Assert.Contains(host.Log, line => line.Contains("functionTimeout, 00:00:01", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_call_has_a_function_and_services_of_its_own_which_are_disposed()
    {
        await using var host = await TestHost.StartAsync([typeof(Scoped)], services: s => s.AddScoped<PerCall>());

        var first = await host.Http.GetStringAsync("api/scoped", TestContext.Current.CancellationToken);
        var second = await host.Http.GetStringAsync("api/scoped", TestContext.Current.CancellationToken);

        Assert.NotEqual(first, second);
        await Parts.UntilAsync(() => Task.FromResult(Scoped.Disposed.Contains(first) && Scoped.Disposed.Contains(second)), "both to be disposed");
    }

    private static async Task<(HttpResponseMessage Response, string Body)> GetAsync(string path)
    {
        await using var host = await TestHost.StartAsync([typeof(HttpSamples.Answers)]);
        var response = await host.Http.GetAsync(path, TestContext.Current.CancellationToken);
        return (response, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public sealed class Gate
    {
        public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Open { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task WaitAsync(CancellationToken cancellation)
        {
            Entered.TrySetResult();
            try
            {
                await Open.Task.WaitAsync(cancellation);
            }
            catch (OperationCanceledException)
            {
                Cancelled.TrySetResult();
                throw;
            }
        }
    }

    public sealed class Streaming(Gate gate)
    {
        [Function("Wait")]
        public Task WaitAsync([HttpTrigger("get", Route = "wait")] HttpRequest request, CancellationToken cancellation) => gate.WaitAsync(cancellation);

        [Function("Events")]
        public IResult Events([HttpTrigger("get", Route = "events")] HttpRequest request) => Results.Stream(
            async stream =>
            {
                await stream.WriteAsync("data: first\n\n"u8.ToArray());
                await stream.FlushAsync();
                await gate.WaitAsync(request.HttpContext.RequestAborted);
                await stream.WriteAsync("data: second\n\n"u8.ToArray());
            },
            "text/event-stream");
    }

    public sealed class PerCall
    {
        public string Id { get; } = Guid.NewGuid().ToString();
    }

    public sealed class Scoped(PerCall call) : IAsyncDisposable
    {
        public static System.Collections.Concurrent.ConcurrentBag<string> Disposed { get; } = [];

        [Function("Scoped")]
        public IResult Run([HttpTrigger("get", Route = "scoped")] HttpRequest request) => Results.Text(call.Id);

        public ValueTask DisposeAsync()
        {
            Disposed.Add(call.Id);
            return ValueTask.CompletedTask;
        }
    }
}
