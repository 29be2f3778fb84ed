using Ci.Pipeline.Registry;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Docker.Credentials;
using Ci.Pipeline.Source.Dockerfile;
using Docker.DotNet;

namespace Ci.Pipeline.Docker;

/// <summary>Tells what an image that a Dockerfile is built upon is at present: the engine's own, as both builders take it, or
/// else what its registry has.</summary>
public sealed partial class BaseImages(EngineClient client, RegistryCredentialStore credentials)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private string? _platform;

    /// <summary>What each base is, in their order; null when one cannot be found out now.</summary>
    public async Task<IReadOnlyList<string>?> FindAsync(
        string dockerfile, IReadOnlyDictionary<string, string> args, CancellationToken cancellationToken)
    {
        if (DockerfileBases.Find(dockerfile, args) is not { } references || !references.All(Reference().IsMatch))
        {
            return null;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            var found = await Task.WhenAll(references.Select(reference => FindAsync(reference, limit.Token)));
            return found.Contains(null) ? null : [.. references.Zip(found, (reference, identity) => $"{reference}={identity}")];
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested
            && (e is ImageUnavailableException or ImageRefusedException or OperationCanceledException or JsonException))
        {
            // The build will say what is wrong.
            return null;
        }
    }

    /// <summary>The platform that the engine builds for when it is not told, <c>os/architecture</c>.</summary>
    public async Task<string> PlatformAsync(CancellationToken cancellationToken) => _platform ??= await client.CallAsync(
        async () =>
        {
            var version = await client.Api.System.GetVersionAsync(cancellationToken);
            return $"{version.Os}/{version.Arch}";
        },
        cancellationToken);

    private Task<string?> FindAsync(string reference, CancellationToken cancellationToken) => client.CallAsync(
        async () =>
        {
            try
            {
                return (await client.Api.Images.InspectImageAsync(reference, cancellationToken)).ID;
            }
            catch (DockerImageNotFoundException)
            {
                return await AskRegistryAsync(reference, cancellationToken);
            }
        },
        cancellationToken);

    // "Get image information from the registry" (Docker Engine API): asked through the engine, which knows the way.
    private async Task<string?> AskRegistryAsync(string reference, CancellationToken cancellationToken)
    {
        using var http = client.OpenHttp();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"distribution/{reference}/json");
        var host = HostOf(reference);
        if (await credentials.FindAsync(host, cancellationToken) is { } login)
        {
            request.Headers.Add(RegistryAuthHeader.OneHeader, RegistryAuthHeader.One(host, login));
        }

        using var answer = await http.SendAsync(request, cancellationToken);
        return answer.StatusCode == HttpStatusCode.OK
            ? (await answer.Content.ReadFromJsonAsync(BaseImagesJson.Default.DistributionAnswer, cancellationToken))?.Descriptor?.Digest
            : null;
    }

    // The first part is a host if it has a dot or colon, or is localhost (distribution's "reference").
    private static string HostOf(string reference) =>
        reference.Split('/', 2) is [var first, _] && (first.AsSpan().ContainsAny('.', ':') || first == "localhost")
            ? RegistryHost.Of(first) : RegistryHost.Hub;

    // What distribution's grammar of references allows, and nothing that would lead elsewhere in the engine's API.
    [GeneratedRegex(@"^[A-Za-z0-9]+([._:/@-]+[A-Za-z0-9_]+)*$")]
    private static partial Regex Reference();
}

internal sealed record DistributionAnswer([property: JsonPropertyName("Descriptor")] DistributionDescriptor? Descriptor);

internal sealed record DistributionDescriptor([property: JsonPropertyName("digest")] string? Digest);

[JsonSerializable(typeof(DistributionAnswer))]
internal sealed partial class BaseImagesJson : JsonSerializerContext;
