using Ci.Pipeline.Builds;
using Ci.Pipeline.Registry;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Registry;

/// <summary>What is written to the registry without the engine.</summary>
public sealed class RegistryUploadTests(DockerRegistry registry)
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_registry_that_was_started_again_in_the_middle_of_an_upload_is_away_and_refuses_nothing()
    {
        await registry.StartAsync();
        using var http = new HttpClient(new Forgetful { InnerHandler = new SocketsHttpHandler() }) { BaseAddress = registry.Url };

        await Assert.ThrowsAsync<ImageUnavailableException>(() => new RegistryClient(http).PushBlobAsync("upload/forgotten", [1, 2, 3], Cancellation));
    }

    [Fact]
    public async Task A_blob_is_there_when_it_was_pushed()
    {
        await registry.StartAsync();
        using var http = new HttpClient { BaseAddress = registry.Url };
        var client = new RegistryClient(http);

        await client.PushBlobAsync("upload/kept", [1, 2, 3], Cancellation);

        Assert.Equal([1, 2, 3], await client.BlobAsync("upload/kept", Manifest.DigestOf([1, 2, 3]), Cancellation));
    }

    /// <summary>Ends every upload that was begun before it can go on, as a restart of the registry does.</summary>
    private sealed class Forgetful : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            if (request.Method == HttpMethod.Post && answer.Headers.Location is { } upload)
            {
                using var end = new HttpRequestMessage(HttpMethod.Delete, new Uri(request.RequestUri!, upload));
                (await base.SendAsync(end, cancellationToken)).Dispose();
            }

            return answer;
        }
    }
}
