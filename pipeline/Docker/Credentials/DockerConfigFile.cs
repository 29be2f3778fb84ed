using Ci.Pipeline.Registry;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Ci.BuildKit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Docker.Credentials;

/// <summary>Reads what <c>docker login</c> has left in <c>config.json</c>: passwords in the file, or a credential helper to ask
/// (Docker CLI reference, "Credential stores": <c>docker-credential-NAME get</c>, the registry on its standard input).</summary>
public sealed partial class DockerConfigFile(IOptions<DockerOptions> options, ILogger<DockerConfigFile> logger)
{
    private const long MaxFileBytes = 1 << 20;

    private static readonly TimeSpan HelperPatience = TimeSpan.FromSeconds(10);

    /// <summary>The registries that there is a login to; a login that a helper keeps is named in the file too.</summary>
    public async Task<IReadOnlyList<string>> HostsAsync(CancellationToken cancellationToken) => await ReadAsync(
        "every registry",
        config =>
        {
            var logins = (config.Auths ?? []).Keys.Concat((config.CredHelpers ?? []).Keys);
            return Task.FromResult<string[]?>([.. logins.Select(HostOf).Select(RegistryHost.Of).Distinct(StringComparer.Ordinal)]);
        },
        cancellationToken) ?? [];

    /// <summary>The credentials for a registry; null when there are none, or they cannot be had.</summary>
    public Task<RegistryCredentials?> FindAsync(string host, CancellationToken cancellationToken) =>
        ReadAsync(host, config => FindAsync(config, RegistryAuthHeader.NameOf(host), cancellationToken), cancellationToken);

    private async Task<T?> ReadAsync<T>(string host, Func<DockerConfig, Task<T?>> find, CancellationToken cancellationToken)
        where T : class
    {
        var file = Path.Combine(options.Value.ConfigFolder, "config.json");
        try
        {
            if (!File.Exists(file) || new FileInfo(file).Length > MaxFileBytes)
            {
                return null;
            }

            await using var stream = File.OpenRead(file);
            return await JsonSerializer.DeserializeAsync(stream, DockerConfigJson.Default.DockerConfig, cancellationToken) is { } config
                ? await find(config)
                : null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException
            or FormatException or Win32Exception or InvalidOperationException)
        {
            Log.NotRead(logger, host, file, e.Message);
            return null;
        }
    }

    private static async Task<RegistryCredentials?> FindAsync(DockerConfig config, string login, CancellationToken cancellationToken)
    {
        var helper = config.CredHelpers?.GetValueOrDefault(login) ?? config.CredsStore;
        return helper is { Length: > 0 }
            ? await AskAsync(helper, login, cancellationToken)
            : config.Auths?.FirstOrDefault(auth => HostOf(auth.Key) == HostOf(login)).Value is { } entry ? Decode(entry) : null;
    }

    // Older command lines wrote https://HOST/v1/.
    private static string HostOf(string login) => Scheme().Replace(login, "").Split('/')[0];

    private static RegistryCredentials? Decode(DockerAuth entry)
    {
        if (entry.IdentityToken is { Length: > 0 } token)
        {
            return new RegistryCredentials("", token);
        }

        var login = Encoding.UTF8.GetString(Convert.FromBase64String(entry.Auth ?? ""));
        return login.Split(':', 2) is [var user, var password]
            ? new RegistryCredentials(user, password.TrimEnd('\0'))
            : null;
    }

    private static async Task<RegistryCredentials?> AskAsync(string helper, string login, CancellationToken cancellationToken)
    {
        if (!HelperName().IsMatch(helper))
        {
            throw new InvalidOperationException($"'{helper}' is no name of a credential helper.");
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(HelperPatience);
        using var process = Process.Start(new ProcessStartInfo($"docker-credential-{helper}", ["get"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        }) ?? throw new InvalidOperationException($"docker-credential-{helper} did not start.");
        try
        {
            await TellAsync(process.StandardInput, login);
            var answer = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            // It ends with 1 when it has none; what it prints then is words.
            return process.ExitCode == 0
                && JsonSerializer.Deserialize(answer, DockerConfigJson.Default.HelperAnswer) is { Secret: { Length: > 0 } secret } found
                ? new RegistryCredentials(found.Username is "<token>" or null ? "" : found.Username, secret)
                : null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            throw new InvalidOperationException($"docker-credential-{helper} did not answer within {HelperPatience.TotalSeconds:0} s.");
        }
    }

    private static async Task TellAsync(StreamWriter input, string login)
    {
        try
        {
            await using (input)
            {
                await input.WriteAsync(login);
            }
        }
        catch (IOException)
        {
            // A helper that keeps a single login need not read which is wanted; what it answers counts.
        }
    }

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    private static partial Regex HelperName();

    [GeneratedRegex("^https?://")]
    private static partial Regex Scheme();

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The login to {Host} could not be had by {File} ({Problem}); its images are pulled without")]
        public static partial void NotRead(ILogger logger, string host, string file, string problem);
    }
}

/// <summary>The command line's <c>config.json</c>, as far as it is about logins.</summary>
internal sealed record DockerConfig(Dictionary<string, DockerAuth>? Auths, string? CredsStore, Dictionary<string, string>? CredHelpers);

internal sealed record DockerAuth(string? Auth, string? IdentityToken);

internal sealed record HelperAnswer(string? Username, string? Secret);

[JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(DockerConfig))]
[JsonSerializable(typeof(HelperAnswer))]
internal sealed partial class DockerConfigJson : JsonSerializerContext;
