using System.Text;
using Ci.Pipeline.Builds;
using Ci.Pipeline.GitHub;
using Ci.Pipeline.Registry;
using Ci.Pipeline.Source;
using Ci.Pipeline.Source.Archive;
using Ci.Pipeline.Source.DockerIgnore;
using Ci.Pipeline.Source.Tree;
using Ci.Tests.GitHub;
using Ci.Tests.Source;
using Microsoft.Extensions.Options;

namespace Ci.Tests.Fuzz;

/// <summary>What GitHub and the registry answer, from the status line on: it is understood, refused, or worth another try.</summary>
public sealed class AnswerFuzzTests
{
    private const string Files =
        """[{"sha":"a","filename":"src/größe.c","status":"renamed","previous_filename":"src/old.c","patch":"@@"},{"filename":"b"}]""";
    private const string Tree = """{"sha":"a","truncated":false,"tree":[{"path":"src","mode":"040000","type":"tree","sha":"0123456789012345678901234567890123456789"},{"path":"src/größe.c","mode":"100755","type":"blob","sha":"9876543210987654321098765432109876543210","size":7}]}""";
    private const string Manifest = """{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"size":12,"digest":"sha256:a"},"layers":[{"size":5},{"size":7}]}""";
    private static readonly byte[] Archive = new RawTar().File("Dockerfile", "FROM x").File("dockerInfo.json", "{}").Gzip();

    private static readonly string[] Words =
    [
        "null", "[]", "{}", "\"filename\":null", "\r\n", "Retry-After: -1\r\n", "Retry-After: 99999999999\r\n", "Content-Length: 5\r\n",
        "charset=nonsense", "charset=utf-7",
        "x-ratelimit-remaining: 0\r\n", "Location: //x\r\n", "Location: http://[::1\r\n", "Transfer-Encoding: chunked\r\n",
        "HTTP/1.1 204 x\r\n", "\"size\":9223372036854775807",
    ];

    [Fact]
    public Task Any_list_of_files_is_one_or_worth_another_try() => FuzzRun.OverAsync(
        "GitHub files",
        [.. Troubles(), Answer("200 OK", Encoding.UTF8.GetBytes(Files), "Content-Type: application/json; charset=utf-8"), Chunked(Files)],
        async input =>
        {
            using var http = CannedConnection.Client(input);
            try
            {
                var changed = await new PullRequestFiles(TestGitHub.Client(http)).ListAsync("o/r", 1, TestContext.Current.CancellationToken);
                PathGlobs.Matches(["**"], changed ?? []);
            }
            catch (GitHubException)
            {
            }
        },
        Words);

    [Fact]
    public Task Any_list_of_a_commit_is_one_or_left_to_the_archive() => FuzzRun.OverAsync(
        "GitHub tree",
        [.. Troubles(), Answer("200 OK", Encoding.UTF8.GetBytes(Tree), "Content-Type: application/json; charset=utf-8"), Chunked(Tree)],
        async input =>
        {
            using var http = CannedConnection.Client(input);
            try
            {
                var tree = GitTree.Of(await new GitHubObjects(TestGitHub.Client(http)).TreeAsync("o/r", new string('a', 40), TestContext.Current.CancellationToken));
                var blobs = new CommitBlobs((_, _) => Task.FromResult(Encoding.UTF8.GetBytes(Files)));
                await blobs.FetchAsync(tree.First, TestContext.Current.CancellationToken);
                tree.Complete(DateTimeOffset.UnixEpoch, blobs, new SourceOptions());
            }
            catch (Exception e) when (e is NotListedException or GitHubException or SourceRefusedException)
            {
            }
        },
        Words);

    [Fact]
    public Task Any_answer_with_an_archive_is_one_or_refused_or_worth_another_try() => FuzzRun.OverAsync(
        "GitHub archive",
        [.. Troubles(), Answer(
            "200 OK", Archive, "Content-Type: application/x-gzip", "Content-Disposition: attachment; filename=a.tar.gz")],
        async input =>
        {
            using var http = CannedConnection.Client(input);
            var archives = new ArchiveFetcher(new GitHubArchive(TestGitHub.Client(http)), Options.Create(new SourceOptions { MaxUnpackedBytes = 4 << 20 }));
            try
            {
                switch (await archives.FetchAsync("o/r", new string('a', 40), TestContext.Current.CancellationToken))
                {
                    case SourceResult.Fetched fetched:
                        await fetched.Source.DisposeAsync();
                        break;
                    case SourceResult.Refused refused:
                        Assert.NotEmpty(refused.Reason);
                        break;
                }
            }
            catch (GitHubUnavailableException e)
            {
                Assert.False(e.RetryAfter < TimeSpan.Zero);
            }
            catch (SourceUnavailableException)
            {
            }
        },
        Words);

    [Fact]
    public Task Any_answer_about_a_permission_is_one_or_unknown() => FuzzRun.OverAsync(
        "GitHub permission",
        [.. Troubles(), Answer("200 OK", """{"permission":"write","role_name":"write","user":{"login":"someone","id":1}}"""u8.ToArray(), "Content-Type: application/json")],
        async input =>
        {
            using var http = CannedConnection.Client(input);
            try
            {
                var mayWrite = await new Collaborators(TestGitHub.Client(http)).MayWriteAsync("o/r", "someone", TestContext.Current.CancellationToken);
                Assert.True(!mayWrite || Encoding.Latin1.GetString(input).Contains("write", StringComparison.Ordinal) || Encoding.Latin1.GetString(input).Contains("admin", StringComparison.Ordinal));
            }
            catch (GitHubException)
            {
            }
        },
        [.. Words, "read", "none", "\"user\":null", "\"permission\":"]);

    [Fact]
    public Task Any_answer_of_the_registry_is_understood_or_refused_or_worth_another_try() => FuzzRun.OverAsync(
        "registry",
        [
            .. Troubles(),
            Answer(
                "200 OK", Encoding.UTF8.GetBytes(Manifest), "Content-Type: application/vnd.oci.image.manifest.v1+json",
                "Docker-Content-Digest: sha256:abc"),
            Answer("202 Accepted", [], "Location: /v2/a/blobs/uploads/1?_state=x", "Docker-Upload-UUID: 1"),
            Answer(
                "405 Method Not Allowed", Encoding.UTF8.GetBytes("""{"errors":[{"code":"UNSUPPORTED"}]}"""),
                "Content-Type: application/json"),
        ],
        async input =>
        {
            using var http = CannedConnection.Client(input);
            var registry = new RegistryClient(http);
            try
            {
                if (await registry.FindAsync("a", "1", TestContext.Current.CancellationToken) is { } manifest)
                {
                    Assert.True(manifest.Size >= 0);
                    await registry.TagAsync("a", "2", manifest, TestContext.Current.CancellationToken);
                }
            }
            catch (Exception e) when (e is ImageUnavailableException or ImageRefusedException)
            {
            }

            try
            {
                await registry.UntagAsync("a", "1", TestContext.Current.CancellationToken);
            }
            catch (Exception e) when (e is ImageUnavailableException or ImageRefusedException)
            {
            }
        },
        Words);

    private static byte[] Answer(string status, byte[] body, params string[] headers) =>
    [
        .. Encoding.Latin1.GetBytes($"HTTP/1.1 {status}\r\n{string.Concat(headers.Select(header => header + "\r\n"))}Content-Length: "
            + $"{body.Length}\r\n\r\n"), .. body,
    ];

    private static byte[] Chunked(string body) => Encoding.UTF8.GetBytes(
        $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        + $"{Encoding.UTF8.GetByteCount(body):x}\r\n{body}\r\n0\r\nX-Trailer: x\r\n\r\n");

    private static IEnumerable<byte[]> Troubles() =>
    [
        Answer(
            "403 Forbidden", "{\"message\":\"rate\"}"u8.ToArray(), "x-ratelimit-remaining: 0", "x-ratelimit-reset: 1790000000",
            "Retry-After: 60"),
        Answer("429 Too Many Requests", [], "Retry-After: Wed, 21 Oct 2026 07:28:00 GMT"),
        Answer("302 Found", [], "Location: /codeload/legacy.tar.gz/1?token=a"),
        Answer("404 Not Found", "{}"u8.ToArray()),
        Answer("502 Bad Gateway", "<html>"u8.ToArray(), "Content-Type: text/html"),
    ];
}
