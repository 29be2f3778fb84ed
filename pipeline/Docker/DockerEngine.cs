using Ci.Pipeline.Builds;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace Ci.Pipeline.Docker;

/// <summary>What is done with images that are built: looked at, pushed, and given up.</summary>
public sealed class DockerEngine(EngineClient client)
{
    public Task<EngineImage> InspectAsync(string image, CancellationToken cancellationToken) => client.CallAsync(
        async () =>
        {
            var found = await client.Api.Images.InspectImageAsync(image, cancellationToken);
            var created = found.Created is { } time ? new DateTimeOffset(time.ToUniversalTime()) : (DateTimeOffset?)null;
            return new EngineImage(found.ID, found.Size, created);
        },
        cancellationToken);

    /// <summary>Pushes <c>repository:tag</c>, logged in if there is a login; returns the digest if the engine tells it.</summary>
    public Task<string?> PushAsync(
        string repository,
        string tag,
        (string Username, string Password)? login,
        Action<BuildEvent> happened,
        CancellationToken cancellationToken) =>
        client.CallAsync(
            async () =>
            {
                var push = new PushProgress(happened);
                var auth = new AuthConfig { Username = login?.Username, Password = login?.Password };
                // It reads the stream behind a 200 to its end, because that is where the engine reports a push that failed.
                await client.Api.Images.PushImageAsync(repository, new ImagePushParameters { Tag = tag }, auth, push, cancellationToken);
                return push.Finish(repository, tag);
            },
            cancellationToken);

    /// <summary>Takes a name off an image, and the image itself if that was its last name and no other was made upon it; its
    /// layers stay as the next build's cache. A name that is gone already is no error.</summary>
    public async Task RemoveAsync(string reference, CancellationToken cancellationToken)
    {
        try
        {
            var parameters = new ImageDeleteParameters { NoPrune = true, Force = false };
            await client.Api.Images.DeleteImageAsync(reference, parameters, cancellationToken);
        }
        catch (DockerImageNotFoundException)
        {
            // Somebody was faster; the name is gone, which is what was wanted.
        }
        catch (DockerApiException e) when (e.StatusCode == System.Net.HttpStatusCode.Conflict)
        {
            // A container uses the image; it goes when whoever started that container removes it.
        }
    }
}
