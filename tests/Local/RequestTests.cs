using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Ci.Tests.Local;

/// <summary>What a function sees of a request.</summary>
public sealed class RequestTests(SampleHost shared) : IAsyncLifetime
{
    private TestHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await shared.GetAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_query_is_decoded()
    {
        var seen = await SeenAsync("GET /api/echo?q=1+2&q=%20a HTTP/1.1");

        Assert.Equal(["1 2", " a"], seen["q"]!.AsArray().Select(v => v!.GetValue<string>()));
    }

    [Fact]
    public async Task A_header_sent_twice_is_one_value()
    {
        var seen = await SeenAsync("GET /api/echo HTTP/1.1\r\nX-Twice: 1\r\nX-Twice: 2");

        Assert.Equal("1, 2", Assert.Single(seen["headers"]!["X-Twice"]!.AsArray())!.GetValue<string>());
    }

    [Theory]
    [InlineData("café")]
    [InlineData("a\u0085b")]
    public async Task A_header_beyond_ASCII_arrives_as_it_was_sent(string value)
    {
        var seen = await SeenAsync($"GET /api/echo HTTP/1.1\r\nX-Word: {value}");
        Assert.Equal(value, Assert.Single(seen["headers"]!["X-Word"]!.AsArray())!.GetValue<string>());
    }

    [Theory]
    [InlineData("traceparent")]
    [InlineData("x-ms-invocation-id")]
    [InlineData("X-Original-For")]
    [InlineData("X-Original-Host")]
    [InlineData("X-Original-Proto")]
    public async Task The_hosts_own_headers_are_added(string header) =>
        Assert.Single((await SeenAsync("GET /api/echo HTTP/1.1"))["headers"]![header]!.AsArray());

    [Fact]
    public async Task What_the_client_says_of_the_way_it_came_does_not_arrive()
    {
        var seen = await SeenAsync("GET /api/echo HTTP/1.1\r\nX-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: https\r\n"
            + "X-Forwarded-Host: elsewhere.example\r\nForwarded: for=198.51.100.1");

        Assert.Equal(("127.0.0.1", "http", "localhost"), ((string?)seen["remote"], (string?)seen["scheme"], (string?)seen["host"]));
        Assert.DoesNotContain(
            seen["headers"]!.AsObject(), header =>
                header.Key.StartsWith("X-Forwarded", StringComparison.OrdinalIgnoreCase) || header.Key == "Forwarded");
    }

    [Fact]
    public async Task An_invocation_id_of_the_clients_is_replaced()
    {
        var seen = await SeenAsync("GET /api/echo HTTP/1.1\r\nx-ms-invocation-id: mine");

        Assert.Equal((string?)seen["invocation"], (string?)seen["headers"]!["x-ms-invocation-id"]![0]);
    }

    [Fact]
    public async Task The_clients_trace_goes_on_in_the_function()
    {
        const string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        var seen = await SeenAsync($"GET /api/echo HTTP/1.1\r\ntraceparent: {trace}");

        Assert.Equal((trace, trace), ((string?)seen["trace"], (string?)seen["headers"]!["traceparent"]![0]));
    }

    [Fact]
    public async Task Settings_of_this_host_are_the_workers_environment() =>
        Assert.Equal(
            _host.Samples.Path, await _host.Http.GetStringAsync("api/setting/Samples__Folder", TestContext.Current.CancellationToken));

    [Theory]
    [InlineData(0)]
    [InlineData(256)]
    [InlineData(30_000_000)]
    public async Task A_body_arrives_as_it_was_sent(int length)
    {
        var body = new byte[length];
        new Random(length).NextBytes(body);

        using var response = await PostAsync(new ByteArrayContent(body));

        Assert.Equal(body, await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal(
            length.ToString(System.Globalization.CultureInfo.InvariantCulture), response.Headers.GetValues("Seen-Length").Single());
    }

    [Fact]
    public async Task A_chunked_body_has_no_length()
    {
        using var response = await PostAsync(new StreamContent(new MemoryStream([1, 2, 3])), chunked: true);

        Assert.Equal([1, 2, 3], await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal("null", response.Headers.GetValues("Seen-Length").Single());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_over_30_000_000_bytes_is_500(bool chunked)
    {
        // What the worker's web server takes by default.
        using var response = await PostAsync(new StreamContent(new MemoryStream(new byte[30_000_001])), chunked);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
    }

    [Fact]
    public async Task The_connection_of_a_body_over_100_MiB_is_cut() =>
        await Assert.ThrowsAnyAsync<IOException>(() => ExchangeAsync($"POST /api/echo HTTP/1.1\r\nContent-Length: {(100 << 20) + 1}", 1));

    private async Task<HttpResponseMessage> PostAsync(HttpContent content, bool chunked = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/echo") { Content = content };
        request.Headers.TransferEncodingChunked = chunked;
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        return await _host.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private async Task<JsonNode> SeenAsync(string head)
    {
        var answer = await ExchangeAsync(head + "\r\nConnection: close", int.MaxValue);
        var json = answer[answer.IndexOf('{', StringComparison.Ordinal)..(answer.LastIndexOf('}') + 1)];
        return JsonNode.Parse(json)!;
    }

    /// <summary>Sends a request as bytes, which HttpClient would have tidied.</summary>
    private async Task<string> ExchangeAsync(string head, int lines)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_host.Http.BaseAddress!.Host, _host.Http.BaseAddress.Port, TestContext.Current.CancellationToken);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(head + "\r\nHost: localhost\r\n\r\n"), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        var answer = new StringBuilder();
        for (var i = 0; i < lines && await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line; i++)
        {
            answer.AppendLine(line);
        }

        return answer.ToString();
    }
}
