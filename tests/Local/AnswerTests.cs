using System.Net;
using System.Net.Sockets;
using System.Text;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Local;

/// <summary>What comes back from a function.</summary>
public sealed class AnswerTests(SampleHost shared)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

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
        var (response, body) = await GetAsync("api/throws");

        Assert.Equal((HttpStatusCode.InternalServerError, ""), (response.StatusCode, body));
        await (await shared.GetAsync()).UntilLoggedAsync("Error: Throws failed");
        Assert.Contains(
            (await shared.GetAsync()).Log, line =>
                line.StartsWith("Error: Throws failed", StringComparison.Ordinal)
                    && line.Contains("the secret detail", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Headers_that_were_set_before_an_exception_are_sent()
    {
        var (response, _) = await GetAsync("api/throws");

        Assert.Equal("yes", response.Headers.GetValues("Half-Done").Single());
    }

    [Fact]
    public async Task An_exception_after_the_answer_has_begun_cuts_it_short()
    {
        var host = await shared.GetAsync();

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => host.Http.GetStringAsync("api/throws-late", Cancellation));
    }

    [Theory]
    [InlineData(204)]
    [InlineData(304)]
    [InlineData(418)]
    public async Task Any_status_is_sent_as_it_is(int code) =>
        Assert.Equal(code, (int)(await GetAsync($"api/status/{code}")).Response.StatusCode);

    [Fact]
    public async Task Cookies_and_json_are_sent_as_written()
    {
        var (response, body) = await GetAsync("api/cookies");

        Assert.Equal(["a=1; path=/", "b=2; path=/"], response.Headers.GetValues("Set-Cookie"));
        Assert.Equal("mine", response.Headers.GetValues("X-Own").Single());
        Assert.Equal("""{"name":"café"}""", System.Text.RegularExpressions.Regex.Unescape(body));
        Assert.Equal("application/json; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Equal("Kestrel", response.Headers.Server.ToString());
        Assert.True(response.Headers.TransferEncodingChunked);
    }

    [Fact]
    public async Task Function_level_authorization_is_not_enforced() => Assert.Equal("in", (await GetAsync("api/guarded")).Body);

    [Fact]
    public async Task An_answer_of_100_MB_comes_whole()
    {
        var host = await shared.GetAsync();
        await using var body = await host.Http.GetStreamAsync("api/large/100", Cancellation);
        var (buffer, length) = (new byte[1 << 16], 0L);
        while (await body.ReadAsync(buffer, Cancellation) is > 0 and var read)
        {
            length += read;
        }

        Assert.Equal(100L << 20, length);
    }

    [Fact]
    public async Task A_stream_is_not_buffered()
    {
        var host = await shared.GetAsync();
        var marker = NewMarker();
        using var response = await host.Http.GetAsync($"api/events/{marker}", HttpCompletionOption.ResponseHeadersRead, Cancellation);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));
        Assert.Equal("data: first", await reader.ReadLineAsync(Cancellation));
        host.Samples.Open(marker);

        Assert.Contains("data: second", await reader.ReadToEndAsync(Cancellation), StringComparison.Ordinal);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.ToString());
    }

    [Theory]
    [InlineData("wait", "Wait")]
    [InlineData("events", "Events")]
    public async Task When_the_client_goes_away_the_function_is_cancelled(string route, string function)
    {
        var host = await shared.GetAsync();
        var marker = NewMarker();
        using var client = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);

        var request = host.Http.GetStringAsync($"api/{route}/{marker}", client.Token);
        await UntilAsync(host, "start", marker);
        await client.CancelAsync();

        await UntilAsync(host, "cancelled", marker);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        await host.UntilLoggedAsync($"{function}: the client went away");
    }

    [Fact]
    public async Task A_function_that_takes_longer_than_functionTimeout_is_cancelled_and_is_500()
    {
        await using var host = await TestHost.StartAsync(["Wait"], """{ "version": "2.0", "functionTimeout": "00:00:01" }""");
        var worker = host.WorkerProcessId;

        using var response = await host.Http.GetAsync("api/wait/never", Cancellation);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Contains(host.Samples.Events, e => e.What == "cancelled");
        Assert.Contains(host.Log, line => line.Contains("functionTimeout, 00:00:01", StringComparison.Ordinal));
        Assert.Equal(worker, host.WorkerProcessId);
    }

    [Fact]
    public async Task One_that_does_not_heed_its_cancellation_is_500_and_ends_with_its_worker()
    {
        await using var host = await TestHost.StartAsync(
            ["Echo", "EchoGet", "WaitDeaf"], """{ "version": "2.0", "functionTimeout": "00:00:01" }""");
        var worker = host.WorkerProcessId;

        // A second is little on a busy machine: a call may be cancelled before its function has begun, and then ends by itself.
        await TestEnvironment.UntilAsync(
            async () =>
            {
                using var response = await host.Http.GetAsync("api/wait-deaf/never", Cancellation);
                Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
                return host.Samples.Events.Any(e => e is { Function: "WaitDeaf", What: "start" });
            },
            "a call whose function has begun");

        // The next worker's first answer takes longest.
        await TestEnvironment.UntilAsync(
            async () => (await host.Http.GetAsync("api/echo", Cancellation)).IsSuccessStatusCode, "an answer of the next worker");
        Assert.NotEqual(worker, host.WorkerProcessId);
        Assert.False(RunningProcess.IsThere(worker));
    }

    [Fact]
    public async Task Each_call_has_a_function_and_services_of_its_own_which_are_disposed()
    {
        var host = await shared.GetAsync();

        var first = (await GetAsync("api/scoped")).Body;
        var second = (await GetAsync("api/scoped")).Body;

        Assert.NotEqual(first, second);
        await TestEnvironment.UntilAsync(
            () => Task.FromResult(host.Samples.Events.Count(
                e => e is { Function: "PerCall", What: "disposed" }
                && (e.Detail == first || e.Detail == second)) == 2),
            "the services of both calls to be disposed");
    }

    [Fact]
    public async Task What_the_worker_logs_is_logged_here_with_its_level_and_exception()
    {
        var mark = NewMarker();
        await GetAsync($"api/logs/{mark}");

        var host = await shared.GetAsync();
        await host.UntilLoggedAsync($"Critical: {mark} at critical");
        Assert.Equal(
            ["Information", "Warning", "Error", "Critical"], host.Log.Where(line => line.Contains(mark + " at ", StringComparison.Ordinal))
                .Select(line => line.Split(':')[0]));
        Assert.Contains(
            host.Log, line =>
                line.StartsWith($"Error: {mark} at error", StringComparison.Ordinal)
                    && line.Contains("the logged exception", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_the_worker_prints_is_logged()
    {
        var mark = NewMarker();
        await GetAsync($"api/prints/{mark}");

        var host = await shared.GetAsync();
        await host.UntilLoggedAsync($"Information: {mark} on standard output");
        await host.UntilLoggedAsync($"Warning: {mark} on standard error");
    }

    [Fact]
    public async Task A_connection_that_breaks_off_while_the_body_comes_is_the_clients_fault()
    {
        var host = await shared.GetAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(host.Http.BaseAddress!.Host, host.Http.BaseAddress.Port, Cancellation);
        await client.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes("POST /api/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nnot a length\r\n"),
            Cancellation);
        using var reader = new StreamReader(client.GetStream());

        Assert.StartsWith("HTTP/1.1 400 ", await reader.ReadLineAsync(Cancellation), StringComparison.Ordinal);
    }

    private static string NewMarker() => "g" + Guid.NewGuid().ToString("n");

    private static Task UntilAsync(TestHost host, string what, string marker) =>
        TestEnvironment.UntilAsync(
            () => Task.FromResult(host.Samples.Events.Any(e => e.What == what && e.Detail == marker)), $"{what} of {marker}");

    private async Task<(HttpResponseMessage Response, string Body)> GetAsync(string path)
    {
        var response = await (await shared.GetAsync()).Http.GetAsync(path, Cancellation);
        return (response, await response.Content.ReadAsStringAsync(Cancellation));
    }
}
