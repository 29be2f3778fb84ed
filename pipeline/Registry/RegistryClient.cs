using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Http;

namespace Ci.Pipeline.Registry;

/// <summary>OCI distribution specification. A tag is moved without an engine: its manifest is written under another name.</summary>
public sealed class RegistryClient(HttpClient http)
{
    public const string HttpClientName = "registry";

    /// <summary>A manifest is a few kilobytes; distribution itself refuses more than 4 MiB.</summary>
    public const int MaxAnswerBytes = 4 << 20;

    private static readonly string[] MediaTypes =
    [
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    ];

    /// <summary>Takes the login too (OCI distribution specification, "Determining Support").</summary>
    public async Task PingAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "v2/");
        using var response = await SendAsync(request, cancellationToken);
        await EnsureSuccessAsync(response, "let this host in", cancellationToken);
    }

    /// <summary>Null when there is none. Of an index the size is that of its first image.</summary>
    public async Task<Manifest?> FindAsync(string name, string tag, CancellationToken cancellationToken)
    {
        var manifest = await ReadAsync(name, tag, cancellationToken);
        return manifest is not null && ImageIndex.FirstImage(manifest.Content) is { } digest
            && await ReadAsync(name, digest, cancellationToken) is { } image
            ? manifest with { Size = image.Size }
            : manifest;
    }

    private async Task<Manifest?> ReadAsync(string name, string tag, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Path(name, tag));
        foreach (var type in MediaTypes)
        {
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
        }

        using var response = await SendAsync(request, cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        await EnsureSuccessAsync(response, $"read {name}:{tag}", cancellationToken);
        var content = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return new Manifest(
            response.Headers.TryGetValues("Docker-Content-Digest", out var digests) ? digests.First() : Manifest.DigestOf(content),
            response.Content.Headers.ContentType?.MediaType ?? MediaTypes[^1],
            SizeOf(content),
            content);
    }

    public async Task<byte[]?> BlobAsync(string name, string digest, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"v2/{name}/blobs/{digest}");
        using var response = await SendAsync(request, cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        await EnsureSuccessAsync(response, $"read {digest} of {name}", cancellationToken);
        return await response.Content.ReadAsByteArrayAsync(cancellationToken);
    }

    public async Task TagAsync(string name, string tag, Manifest manifest, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, Path(name, tag)) { Content = new ByteArrayContent(manifest.Content) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(manifest.MediaType);
        using var response = await SendAsync(request, cancellationToken);
        await EnsureSuccessAsync(response, $"write {name}:{tag}", cancellationToken);
    }

    /// <summary>Old registries delete a digest with all its tags: there the tag is first moved to an empty manifest.</summary>
    public async Task UntagAsync(string name, string tag, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, Path(name, tag));
        using var response = await SendAsync(request, cancellationToken);
        if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.NotFound
            || await FindAsync(name, tag, cancellationToken) is null)
        {
            return;
        }

        var empty = await PushEmptyAsync(name, cancellationToken);
        await TagAsync(name, tag, empty, cancellationToken);
        using var delete = new HttpRequestMessage(HttpMethod.Delete, Path(name, empty.Digest));
        using var deleted = await SendAsync(delete, cancellationToken);
        if (deleted.StatusCode != HttpStatusCode.NotFound)
        {
            var what = $"remove {name}:{tag} (does it allow deletion, REGISTRY_STORAGE_DELETE_ENABLED=true?)";
            await EnsureSuccessAsync(deleted, what, cancellationToken);
        }
    }

    /// <summary>No other manifest has the digest of this one.</summary>
    private async Task<Manifest> PushEmptyAsync(string name, CancellationToken cancellationToken)
    {
        var config = Encoding.UTF8.GetBytes($$"""
            {"architecture":"none","os":"none","config":{},"rootfs":{"type":"layers","diff_ids":[]},"removed":"{{Guid.NewGuid()}}"}
            """);
        await PushBlobAsync(name, config, cancellationToken);
        var content = Encoding.UTF8.GetBytes(
            $$"""
            {
              "schemaVersion": 2,
              "mediaType": "{{MediaTypes[^1]}}",
              "config": {
                "mediaType": "application/vnd.docker.container.image.v1+json",
                "size": {{config.Length}},
                "digest": "{{Manifest.DigestOf(config)}}"
              },
              "layers": []
            }
            """);
        return new Manifest(Manifest.DigestOf(content), MediaTypes[^1], 0, content);
    }

    public async Task PushBlobAsync(string name, byte[] blob, CancellationToken cancellationToken) =>
        await EndUploadAsync(name, await BeginUploadAsync(name, cancellationToken), blob, cancellationToken);

    /// <summary>OCI distribution specification, "POST then PUT".</summary>
    public async Task<Uri> BeginUploadAsync(string name, CancellationToken cancellationToken)
    {
        using var start = new HttpRequestMessage(HttpMethod.Post, $"v2/{name}/blobs/uploads/");
        using var started = await SendAsync(start, cancellationToken);
        await EnsureSuccessAsync(started, $"write to {name}", cancellationToken);
        var location = started.Headers.Location
            ?? throw new ImageUnavailableException($"The registry at {http.BaseAddress} did not say where to write to.");
        return new Uri(http.BaseAddress!, location);
    }

    public async Task EndUploadAsync(string name, Uri upload, byte[] blob, CancellationToken cancellationToken)
    {
        var query = (upload.Query.Length > 1 ? upload.Query[1..] + "&" : "") + "digest=" + Uri.EscapeDataString(Manifest.DigestOf(blob));
        var target = new UriBuilder(upload) { Query = query };
        using var put = new HttpRequestMessage(HttpMethod.Put, target.Uri) { Content = new ByteArrayContent(blob) };
        put.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using var written = await SendAsync(put, cancellationToken);
        if (written.StatusCode == HttpStatusCode.NotFound)
        {
            throw new ImageUnavailableException(
                $"The registry at {http.BaseAddress} has forgotten what it was being sent; it may have been started again.");
        }

        await EnsureSuccessAsync(written, $"write to {name}", cancellationToken);
    }

    /// <summary>An upload that the registry has forgotten is no error.</summary>
    public async Task AbandonUploadAsync(Uri upload, CancellationToken cancellationToken)
    {
        using var delete = new HttpRequestMessage(HttpMethod.Delete, upload);
        using var gone = await SendAsync(delete, cancellationToken);
    }

    private static string Path(string name, string tag) => $"v2/{name}/manifests/{tag}";

    private long SizeOf(byte[] content)
    {
        try
        {
            return Manifest.SizeOf(content);
        }
        catch (Exception e) when (e
            is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException)
        {
            throw new ImageUnavailableException(
                $"What the registry at {http.BaseAddress} answered is no manifest. Is Registry__Url right?", e);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await http.SendAsync(request, cancellationToken);
        }
        catch (Exception e) when (TransientHttp.IsNoAnswer(e, cancellationToken))
        {
            throw new ImageUnavailableException(
                $"The registry at {http.BaseAddress} does not answer. Is it running, and is Registry__Url how this machine reaches it?", e);
        }
    }

    private async Task EnsureSuccessAsync(HttpResponseMessage response, string what, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode)
        {
            return;
        }

        var status = (int)response.StatusCode;
        var body = (await response.Content.ReadAsStringAsync(cancellationToken)).Trim();
        var said = body.Length > 300 ? body[..300] : body;
        var message = $"The registry at {http.BaseAddress} answered {status} when asked to {what}: {said}";
        throw TransientHttp.IsTransient(response.StatusCode) ? new ImageUnavailableException(message) : new ImageRefusedException(message);
    }
}
