using System.Collections.Concurrent;
using System.Text;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Registry;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Registry;

/// <summary>An image in a real registry gets another configuration under its tag.</summary>
public sealed class ImageStampingTests(DockerRegistry registry) : IAsyncLifetime
{
    private const string ManifestType = "application/vnd.docker.distribution.manifest.v2+json";

    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;
    private static readonly ImageStamp Stamp = new() { Date = DateTimeOffset.UnixEpoch, Labels = new Dictionary<string, string> { ["a"] = "b" } };

    private readonly string _name = "stamp/" + Guid.NewGuid().ToString("n");
    private readonly Traffic _traffic = new() { InnerHandler = new SocketsHttpHandler() };
    private HttpClient _http = null!;

    public async ValueTask InitializeAsync()
    {
        await registry.StartAsync();
        _http = new HttpClient(_traffic) { BaseAddress = registry.Url };
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task It_is_written_in_three_ways_there_and_back()
    {
        var (pushed, configuration) = await PushAsync();
        _traffic.Asked.Clear();

        var stamped = await StampAsync(pushed, configuration);

        string[] asked = [.. _traffic.Asked];
        Assert.Equal(stamped!.Digest, await registry.DigestAsync(_name, "x"));
        Assert.Equal((await new RegistryClient(_http).FindAsync(_name, "x", Cancellation))!.Size, stamped.Size);
        // The manifest is asked for outside of this; what can be asked beside it is, and only then comes the rest.
        Assert.Equal(["GET", "POST"], asked[..2].Order(StringComparer.Ordinal));
        Assert.Equal(["PUT", "PUT"], asked[2..]);
    }

    [Fact]
    public async Task An_engine_whose_ids_are_no_configurations_is_no_obstacle()
    {
        var (pushed, _) = await PushAsync();

        var stamped = await StampAsync(pushed, "sha256:" + new string('0', 64));

        Assert.Equal(stamped!.Digest, await registry.DigestAsync(_name, "x"));
    }

    [Fact]
    public async Task The_same_image_gets_the_same_digest()
    {
        var (pushed, configuration) = await PushAsync();

        Assert.Equal((await StampAsync(pushed, configuration))!.Digest, (await StampAsync(pushed, configuration))!.Digest);
    }

    [Fact]
    public async Task An_index_of_several_stays_as_it_is()
    {
        var (image, configuration) = await PushAsync();
        var client = new RegistryClient(_http);
        const string type = "application/vnd.oci.image.index.v1+json";
        var content = Encoding.UTF8.GetBytes(
            $$"""{ "schemaVersion": 2, "mediaType": "{{type}}", "manifests": [ { "mediaType": "{{ManifestType}}", "digest": "{{image.Digest}}", "size": {{image.Content.Length}}, "platform": { "os": "linux", "architecture": "amd64" } } ] }""");
        var index = new Manifest(Manifest.DigestOf(content), type, 0, content);
        await client.TagAsync(_name, "x", index, Cancellation);

        Assert.Null(await StampAsync(index, configuration));
        Assert.Equal(index.Digest, await registry.DigestAsync(_name, "x"));
    }

    [Fact]
    public async Task What_the_manifest_says_is_heard_before_all_else() =>
        await Assert.ThrowsAsync<ImageUnavailableException>(() => new ImageConfigRewriter(new RegistryClient(_http)).SetAsync(
            _name, "x", "sha256:0", Task.FromException<Manifest>(new ImageUnavailableException("It is not there.")), Stamp, Cancellation));

    private Task<Manifest?> StampAsync(Manifest pushed, string imageId) =>
        new ImageConfigRewriter(new RegistryClient(_http)).SetAsync(_name, "x", imageId, Task.FromResult(pushed), Stamp, Cancellation);

    private async Task<(Manifest Manifest, string Configuration)> PushAsync()
    {
        var configuration = Encoding.UTF8.GetBytes("""{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}""");
        var client = new RegistryClient(_http);
        await client.PushBlobAsync(_name, configuration, Cancellation);
        var digest = Manifest.DigestOf(configuration);
        var content = Encoding.UTF8.GetBytes(
            $$"""{"schemaVersion":2,"mediaType":"{{ManifestType}}","config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":{{configuration.Length}},"digest":"{{digest}}"},"layers":[]}""");
        var manifest = new Manifest(Manifest.DigestOf(content), ManifestType, configuration.Length, content);
        await client.TagAsync(_name, "x", manifest, Cancellation);
        return (manifest, digest);
    }

    /// <summary>Notes what was asked, in order.</summary>
    private sealed class Traffic : DelegatingHandler
    {
        public ConcurrentQueue<string> Asked { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked.Enqueue(request.Method.Method);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
