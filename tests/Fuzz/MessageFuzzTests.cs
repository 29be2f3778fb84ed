using System.Net;
using System.Text;
using System.Text.Json;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Docker;
using Ci.Pipeline.GitHub;
using Ci.Pipeline.Intake;
using Ci.StandIn;
using Docker.DotNet;
using Microsoft.Extensions.Options;

namespace Ci.Tests.Fuzz;

/// <summary>What other programs say to us: whatever it is, only what is documented comes of it.</summary>
public sealed class MessageFuzzTests
{
    private static readonly PullRequestState Pull = new()
    {
        Repository = "sample/repository",
        Number = 5,
        Branch = "x",
        Head = new string('a', 40),
        Title = "A change",
        HeadRepository = "sample/repository",
    };

    private const string CommentPayload =
        """{"action":"created","issue":{"number":5,"pull_request":{"url":"u"}},"comment":{"body":"/build aaaaaaaaaaaa","created_at":"2026-01-01T00:00:00Z"},"repository":{"id":1,"full_name":"o/r"},"sender":{"login":"l"}}""";

    private static readonly string[] EngineLines =
    [
        """
        {"stream":"Step 1/2 : FROM scratch\n"}
        {"aux":{"ID":"sha256:abc"}}
        {"status":"Downloading","progressDetail":{"current":1,"total":2},"id":"0a1b"}
        {"stream":"Successfully built abc\n"}
        """,
        """
        {"errorDetail":{"code":1,"message":"The command '/bin/sh -c exit 3' returned a non-zero code: 3"},"error":"boom"}
        {"status":"Pushed","id":"0a1b"}
        {"status":"1: digest: sha256:def size: 1"}
        {"aux":{"Tag":"t","Digest":"sha256:def","Size":1}}
        """,
        """{"message":"dial tcp: connection refused"}""",
    ];

    [Fact]
    public Task Any_payload_is_an_event_or_no_json() => FuzzRun.OverAsync("webhook payload", Payloads(), input =>
    {
        foreach (var type in new[] { "application/json; charset=utf-8", "application/x-www-form-urlencoded" })
        {
            try
            {
                var e = PullRequestEvent.Parse(WebhookBody.Json(type, input)!.Value.Span);
                new BuildPolicy(Options.Create(new ForkOptions())).Decide(e);
            }
            catch (JsonException)
            {
            }
        }

        return Task.CompletedTask;
    }, "null", "\"pull_request\":", "payload=", "%", "closed", "true", "\"repo\":null");

    [Fact]
    public Task Any_comment_is_an_event_or_no_json() => FuzzRun.OverAsync("comment payload", [CommentPayload], input =>
    {
        try
        {
            var command = BuildCommand.Parse(IssueCommentEvent.Parse(input).Comment.Body);
            Assert.True(command?.Commit is null || command.Commit.All(char.IsAsciiHexDigitLower));
        }
        catch (JsonException)
        {
        }

        return Task.CompletedTask;
    }, "/build", "/build 0123456789ab", "\\n", "null", "\"pull_request\":{}");

    [Fact]
    public Task Any_signature_header_is_looked_at_without_harm()
    {
        var body = "{}"u8.ToArray();
        var right = GitHubStandIn.Sign("a secret of ours", body);
        var signature = new WebhookSignature("a secret of ours");
        return FuzzRun.OverAsync("signature", [right, GitHubStandIn.Sign("another", body)], input =>
        {
            var header = Encoding.Latin1.GetString(input);
            var isRight = header.Equals(right, StringComparison.OrdinalIgnoreCase)
                && header.StartsWith("sha256=", StringComparison.Ordinal);
            Assert.Equal(isRight, signature.Check(header, body) == SignatureCheck.Valid);
            Assert.True(isRight ? WebhookSignature.CheckForm(header) == SignatureCheck.Valid : true);
            return Task.CompletedTask;
        }, "sha256=", "sha1=");
    }

    [Fact]
    public Task Any_queue_message_is_a_request_or_unreadable() =>
        FuzzRun.OverAsync(
            "queue message", [Request().ToJson(), (Request() with { Purpose = BuildPurpose.Close, Title = "ü😀\0" }).ToJson()], input =>
    {
        try
        {
            var request = BuildRequest.Parse(Encoding.UTF8.GetString(input));
            Assert.Equal(request, BuildRequest.Parse(request.ToJson()));
            Assert.True(Enum.IsDefined(request.Purpose));
            Assert.True(request.Commit.Length is 40 or 64 && request.PullRequest > 0);
            Assert.NotNull(request.Title + request.Url.Length + request.Author.Length
                + request.HeadRef.Length + request.BaseRef.Length + request.Delivery.Length);
        }
        catch (UnreadableMessageException e)
        {
            Assert.NotEmpty(e.Message);
        }

        return Task.CompletedTask;
    }, "null", "\"version\": 1,", "\"merge\"", "2", "0001-01-01T00:00:00Z", "\"title\":null,", "/..");

    [Fact]
    public Task Any_output_of_the_engine_is_lines_or_a_broken_answer() => FuzzRun.OverAsync("engine output", EngineLines, async input =>
    {
        try
        {
            await foreach (var line in EngineStream.ReadAsync(new MemoryStream(input), TestContext.Current.CancellationToken))
            {
                if (line.Error is { } error)
                {
                    Assert.NotNull(EngineErrors.OfBuild(error));
                    Assert.NotNull(EngineErrors.OfPush(error, "localhost:83/a"));
                }
            }
        }
        catch (ImageUnavailableException)
        {
        }

        Assert.NotNull(
            EngineErrors.OfAnswer(new DockerApiException((HttpStatusCode)(400 + (input.Length % 200)), Encoding.UTF8.GetString(input))));
    }, "null", "\"message\":", "\"aux\":", "{}", "\n");

    private static IEnumerable<string> Payloads()
    {
        foreach (var action in new[] { "opened", "synchronize", "closed" })
        {
            var json = Pull.Payload(action).ToJsonString();
            yield return json;
            yield return "payload=" + Uri.EscapeDataString(json);
        }

        yield return (Pull with { HeadRepository = null }).Payload("reopened").ToJsonString();
    }

    private static BuildRequest Request() => new()
    {
        BuildId = "abcdefghijklmnopqrstuvwxyz",
        Purpose = BuildPurpose.Merge,
        Repository = "owner/repo",
        PullRequest = 12,
        Commit = new string('a', 40),
        Title = "A change",
        Url = "https://github.com/owner/repo/pull/12",
        Author = "someone",
        HeadRef = "feature",
        BaseRef = "main",
        UpdatedAt = DateTimeOffset.UnixEpoch,
        Delivery = "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        QueuedAt = DateTimeOffset.UnixEpoch,
    };
}
