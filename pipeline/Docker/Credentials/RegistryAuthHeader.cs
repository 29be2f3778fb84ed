using System.Text.Json;
using System.Text.Json.Serialization;
using Ci.BuildKit;
using Ci.Pipeline.Registry;

namespace Ci.Pipeline.Docker.Credentials;

/// <summary>Writes logins as the engine's API takes them (Docker Engine API, "Authentication"). Docker.DotNet's own
/// <c>X-Registry-Config</c> is not in the base64 for URLs that the engine decodes.</summary>
internal static class RegistryAuthHeader
{
    /// <summary>The header that has the login to the one registry that a request is about.</summary>
    public const string OneHeader = "X-Registry-Auth";

    /// <summary>The header that has the logins to all registries that a build may pull from.</summary>
    public const string AllHeader = "X-Registry-Config";

    /// <summary>Docker Hub, as its login is called, by the command line and the engine alike.</summary>
    public const string HubLogin = "https://index.docker.io/v1/";

    public static string NameOf(string host) => host == RegistryHost.Hub ? HubLogin : host;

    public static string One(string host, RegistryCredentials login) =>
        Encode(JsonSerializer.SerializeToUtf8Bytes(LoginOf(host, login), EngineLoginsJson.Default.EngineLogin));

    public static string All(IReadOnlyDictionary<string, RegistryCredentials> logins) => Encode(JsonSerializer.SerializeToUtf8Bytes(
        logins.ToDictionary(login => NameOf(login.Key), login => LoginOf(login.Key, login.Value)),
        EngineLoginsJson.Default.DictionaryStringEngineLogin));

    // A token goes without a user.
    private static EngineLogin LoginOf(string host, RegistryCredentials login) => login.Username.Length > 0
        ? new(login.Username, login.Secret, null, NameOf(host))
        : new(null, null, login.Secret, NameOf(host));

    private static string Encode(byte[] json) => Convert.ToBase64String(json).Replace('+', '-').Replace('/', '_');
}

internal sealed record EngineLogin(string? Username, string? Password, string? Identitytoken, string Serveraddress);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EngineLogin))]
[JsonSerializable(typeof(Dictionary<string, EngineLogin>))]
internal sealed partial class EngineLoginsJson : JsonSerializerContext;
