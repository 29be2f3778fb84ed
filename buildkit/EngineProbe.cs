using System.Security.Authentication;

namespace Ci.BuildKit;

/// <summary>What the engine says of itself when pinged (<c>GET /_ping</c>, Docker Engine API).</summary>
/// <param name="BuilderVersion">The builder that it prefers: <c>2</c> is BuildKit, <c>1</c> the classic one; empty for none.</param>
/// <param name="ApiVersion">The newest version of its API.</param>
/// <param name="OSType">What its containers run on: <c>linux</c> or <c>windows</c>.</param>
public sealed record EngineProbe(string BuilderVersion, Version ApiVersion, string OSType)
{
    /// <summary>The API of Engine 18.09, the first with BuildKit that was no experiment.</summary>
    private static readonly Version FirstWithBuildKit = new(1, 39);

    /// <summary>Whether it prefers BuildKit (by default Engine 23.0 and later, on Linux).</summary>
    public bool PrefersBuildKit => BuilderVersion == "2";

    /// <summary>Whether it can build with BuildKit, preferred or not. That it speaks the API is taken for having it, which is
    /// wrong for Podman; opening a session tells.</summary>
    public bool HasBuildKit => PrefersBuildKit || (OSType == "linux" && ApiVersion >= FirstWithBuildKit);

    /// <exception cref="EngineUnavailableException">It does not answer, or not as an engine does.</exception>
    public static async Task<EngineProbe> AskAsync(EngineAddress engine, CancellationToken cancellationToken)
    {
        using var client = engine.CreateClient();
        return await AskAsync(client, engine, cancellationToken);
    }

    internal static async Task<EngineProbe> AskAsync(HttpClient client, EngineAddress engine, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await client.GetAsync("_ping", cancellationToken);
            response.EnsureSuccessStatusCode();
            return new EngineProbe(
                Header(response, "Builder-Version"),
                Version.TryParse(Header(response, "Api-Version"), out var version) ? version : new Version(0, 0),
                Header(response, "Ostype"));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or AuthenticationException)
        {
            throw new EngineUnavailableException($"The Docker engine at {engine} does not answer: {e.Message}", e);
        }
    }

    private static string Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.First() : "";
}
