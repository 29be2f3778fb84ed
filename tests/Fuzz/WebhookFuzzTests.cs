using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Ci.StandIn;
using Ci.Tests.EndToEnd;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Fuzz;

/// <summary>Bytes of any kind on the host's port: it answers, never with a fault of its own, and takes nothing that nobody
/// signed.</summary>
public sealed partial class WebhookFuzzTests(Azurite azurite) : IAsyncLifetime
{
    private static readonly string Payload = new PullRequestState
    {
        Repository = "sample/repository",
        Number = 5,
        Branch = "x",
        Head = new string('a', 40),
        Title = "A change",
        HeadRepository = "sample/repository",
    }.Payload("opened").ToJsonString();

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    private RunningHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        await azurite.StartAsync();
        _host = await RunningHost.StartAsync(RunningHost.SettingsAlone(
            azurite.NewAccount(), ("Api__FailuresPerMinute", "1000000"), ("Api__RequestsPerMinute", "1000000")));
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Any_signed_body_is_answered()
    {
        await FuzzRun.OverAsync(
            "webhook, signed",
            [Payload, Payload.Replace("opened", "closed", StringComparison.Ordinal), "payload=" + Uri.EscapeDataString(Payload)],
            async input =>
            {
                var type = input.AsSpan().StartsWith("payload="u8) ? "application/x-www-form-urlencoded" : "application/json";
                Assert.InRange(await SendAsync(Request(input, GitHubStandIn.Sign(CiScenario.Secret, input), type)), 200, 499);
            },
            "null", "\"ref\":", "refs/heads/x", "2026-11-23T00:00:00Z", "\\ud83d\\ude00");
        AssertCalm();
    }

    [Fact]
    public async Task Any_body_that_nobody_signed_is_401()
    {
        await FuzzRun.OverAsync("webhook, unsigned", [Payload, "{}", "payload={}"], async input =>
        {
            Assert.Equal(401, await SendAsync(Request(input, GitHubStandIn.Sign("another secret", input), "application/json")));
            Assert.Equal(
                401, await SendAsync(Request([.. input, (byte)' '], GitHubStandIn.Sign(CiScenario.Secret, input), "application/json")));
        });
        AssertCalm();
    }

    [Fact]
    public async Task Any_request_is_answered_and_none_without_a_signature_accepted()
    {
        await FuzzRun.OverAsync(
            "webhook, raw request",
            [Request("{}"u8.ToArray(), GitHubStandIn.Sign("another secret", "{}"u8), "application/json"), Chunked()],
            // 505 is Kestrel's word for another version of HTTP, 500 the Functions host's for a body of more than 100 MiB; 0 is
            // a connection closed without one.
            async input => Assert.True(await SendAsync(input, isWhole: false) is var status
                && (status is 0 or 505 || (status < 500 && status != 202)
                || (status == 500 && HugeLength().IsMatch(Encoding.Latin1.GetString(input)))),
                $"It was answered {status}."),
            "Content-Length: 99999999999\r\n", "Transfer-Encoding: chunked\r\n", "Expect: 100-continue\r\n", "sha256=",
            "X-GitHub-Event: ping\r\n", "POST /api/webhook HTTP/1.1\r\n", "\r\n", "?", "%2e%2e/");
        AssertCalm();
    }

    private static byte[] Request(byte[] body, string signature, string type) =>
    [
        .. Encoding.Latin1.GetBytes(
            $"POST /api/webhook HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {type}\r\nX-GitHub-Event: "
            + "pull_request\r\n"
            + $"X-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958\r\nX-Hub-Signature-256: {signature}\r\nContent-Length: "
            + $"{body.Length}\r\n\r\n"), .. body,
    ];

    private static byte[] Chunked() => Encoding.Latin1.GetBytes(
        "POST /api/webhook HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
        + $"X-Hub-Signature-256: sha256={new string('0', 64)}\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n");

    /// <summary>Sends the bytes and reads the answer's status; a host that waits for more is told after a while that there is
    /// none.</summary>
    private async Task<int> SendAsync(byte[] request, bool isWhole = true)
    {
        using var client = new TcpClient("localhost", _host.Url.Port);
        using var limit = new CancellationTokenSource(TestEnvironment.Limit);
        await using var connection = client.GetStream();
        var answer = new byte[12];
        try
        {
            await connection.WriteAsync(request, limit.Token);
            var read = connection.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false, limit.Token).AsTask();
            if (await Task.WhenAny(read, Task.Delay(Patience, limit.Token)) != read && !isWhole)
            {
                client.Client.Shutdown(SocketShutdown.Send);
            }

            await read;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // The host had its answer before it had read all, and closed.
        }

        var status = StatusLine().Match(Encoding.Latin1.GetString(answer));
        return status.Success ? int.Parse(status.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture) : 0;
    }

    private void AssertCalm() => Assert.DoesNotContain("Unhandled exception", _host.Output, StringComparison.Ordinal);

    [GeneratedRegex(@"^content-length:\s*0*[1-9]\d{8}", RegexOptions.IgnoreCase | RegexOptions.Multiline)]
    private static partial Regex HugeLength();

    [GeneratedRegex(@"\AHTTP/1\.1 (\d{3})")]
    private static partial Regex StatusLine();
}
