using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;
using Ci.Pipeline.Webhook;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Image;

/// <summary>The registry; section <c>Registry</c>.</summary>
public sealed partial class RegistryOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Registry";

    /// <summary>
    /// The registry as image references name it: <c>host[:port]</c>, with a path behind it where the registry wants
    /// one (<c>ghcr.io/owner</c>). The engine resolves this name, and so does whoever pulls.
    /// </summary>
    [RegularExpression(@"^[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[a-z0-9._/-]+)?$", ErrorMessage = "Registry__Address must be host[:port][/path] without a scheme, like localhost:83 or ghcr.io/owner.")]
    [Required(ErrorMessage = "Registry__Address is empty: set it to host[:port], like localhost:83.")]
    public string Address { get; set; } = "localhost:83";

    /// <summary>
    /// How this process reaches the registry's API, where that differs from the engine's way
    /// (<c>http://registry:5000</c> in a container beside it). Empty: <c>http://</c> for localhost, else <c>https://</c>.
    /// </summary>
    [RegularExpression("^https?://.+$", ErrorMessage = "Registry__Url must be empty or start with http:// or https://, like http://registry:5000.")]
    public string Url { get; set; } = "";

    /// <summary>The user that pushes; empty where the registry asks for none.</summary>
    public string Username { get; set; } = "";

    /// <summary>The user's password or access token.</summary>
    public string Password { get; set; } = "";

    /// <summary>
    /// A file (PEM) with the authorities that may have signed the registry's certificate, beside those that the system
    /// trusts. The engine has its own place for them, <c>/etc/docker/certs.d/HOST/ca.crt</c>.
    /// </summary>
    public string CaPath { get; set; } = "";

    /// <summary>
    /// Whether builds take the repository's last images in the registry as cache, and leave in theirs what the next can
    /// take: for several hosts, or engines that are emptied. Only BuildKit does.
    /// </summary>
    public bool Cache { get; set; }

    /// <summary>What the engine logs in with; null where the registry asks for nothing.</summary>
    public (string Username, string Password)? Login => Username.Length > 0 ? (Username, Password) : null;

    /// <summary>The registry's host as the engine knows it, <c>host[:port]</c>; <c>docker.io</c> is <c>registry-1.docker.io</c>.</summary>
    public string Host => EngineLogins.RegistryOf(Address.Split('/', 2)[0]);

    /// <summary>The address of the registry's API, ending in a slash.</summary>
    public Uri ApiUrl
    {
        get
        {
            var url = Url.Length > 0 ? Url : (IsLocal(Host) ? "http://" : "https://") + Host;
            return new Uri(url.TrimEnd('/') + "/");
        }
    }

    /// <summary>The path between the registry's host and a repository's name; empty or ending in a slash.</summary>
    public string Prefix => Address.Contains('/', StringComparison.Ordinal) ? Address.Split('/', 2)[1].TrimEnd('/') + "/" : "";

    // The engine, too, allows plain HTTP for localhost and 127/8 only.
    private static bool IsLocal(string host) => LocalHost().IsMatch(host);

    [GeneratedRegex(@"^(localhost|127\.[0-9.]+)(:[0-9]+)?$")]
    private static partial Regex LocalHost();
}

/// <summary>Checks <see cref="RegistryOptions"/> at start.</summary>
[OptionsValidator]
public sealed partial class RegistryOptionsValidator : IValidateOptions<RegistryOptions>;

/// <summary>Checks at start that the registry can be logged in to as the settings say.</summary>
public sealed class RegistryLoginValidator : IValidateOptions<RegistryOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, RegistryOptions options)
    {
        if (options.Username.Length > 0 != options.Password.Length > 0)
        {
            return ValidateOptionsResult.Fail("Registry__Username and Registry__Password go together: set both, or neither.");
        }

        try
        {
            RegistryAccess.Primary(options).Dispose();
            return ValidateOptionsResult.Success;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            return ValidateOptionsResult.Fail($"Registry__CaPath is '{options.CaPath}', which cannot be read ({e.Message}): it must be a PEM file with certificates.");
        }
    }
}

/// <summary>Which of the engine's builders builds.</summary>
public enum BuilderKind
{
    /// <summary>BuildKit where the engine has it and the limits that are set can be kept with it; else the classic builder.</summary>
    Auto,

    /// <summary>BuildKit, whatever the limits.</summary>
    BuildKit,

    /// <summary>The classic builder.</summary>
    Classic,
}

/// <summary>The Docker engine; section <c>Docker</c>.</summary>
public sealed class DockerOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Docker";

    /// <summary>
    /// The engine's address (<c>unix:///…</c>, <c>tcp://…</c>, <c>npipe://…</c>). Empty: <c>DOCKER_HOST</c>, else the
    /// platform's default socket.
    /// </summary>
    [RegularExpression("^(unix|tcp|http|https|npipe)://.+$", ErrorMessage = "Docker__Host must be empty or an address like unix:///var/run/docker.sock or tcp://engine:2375.")]
    public string Host { get; set; } = "";

    /// <summary>
    /// The folder with <c>ca.pem</c>, <c>cert.pem</c> and <c>key.pem</c> for an engine that is reached with TLS. Empty:
    /// <c>DOCKER_CERT_PATH</c> where <c>DOCKER_TLS_VERIFY</c> is set, else no TLS.
    /// </summary>
    public string CertPath { get; set; } = "";

    /// <summary>Which builder builds.</summary>
    [EnumDataType(typeof(BuilderKind), ErrorMessage = "Docker__Builder must be Auto, BuildKit or Classic.")]
    public BuilderKind Builder { get; set; } = BuilderKind.Auto;

    /// <summary>The network of build steps: empty for the engine's own choice (bridge), <c>none</c>, or a network's name.</summary>
    [RegularExpression(NetworkName.Pattern, ErrorMessage = "Docker__Network " + NetworkName.Rule)]
    public string Network { get; set; } = "";

    /// <summary>
    /// The memory that a build step may use, swap included, in bytes; 0 for all. BuildKit knows no such limit: one that is
    /// set makes <see cref="BuilderKind.Auto"/> take the classic builder. Null: <see cref="DefaultMemory"/> where that builds.
    /// </summary>
    [InRange(0, long.MaxValue, ErrorMessage = "Docker__Memory must be a number of bytes, 0 or more.")]
    public long? Memory { get; set; }

    /// <summary>What a step of the classic builder may use when no limit is set, in bytes.</summary>
    public const long DefaultMemory = 8_000_000_000;

    /// <summary>The processors that a build step may use, like 1.5; 0 for all.</summary>
    [InRange(0, 4096, ErrorMessage = "Docker__Cpus must be a number of processors, 0 or more.")]
    public double Cpus { get; set; }

    /// <summary>How long the engine keeps what a build left of its images, which speeds up the next.</summary>
    [InRange(typeof(TimeSpan), "00:00:00", "3650.00:00:00", ErrorMessage = "Docker__KeepImages must be a time like 7.00:00:00 (seven days).")]
    public TimeSpan KeepImages { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How much of that it keeps at most, in bytes.</summary>
    [InRange(0, long.MaxValue, ErrorMessage = "Docker__MaxImageBytes must be a number of bytes, 0 or more.")]
    public long MaxImageBytes { get; set; } = 20_000_000_000;

    /// <summary>How long the engine keeps build cache that nothing uses.</summary>
    [InRange(typeof(TimeSpan), "00:00:00", "3650.00:00:00", ErrorMessage = "Docker__KeepCache must be a time like 7.00:00:00 (seven days).")]
    public TimeSpan KeepCache { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How much build cache it keeps at most, in bytes.</summary>
    [InRange(0, long.MaxValue, ErrorMessage = "Docker__MaxCacheBytes must be a number of bytes, 0 or more.")]
    public long MaxCacheBytes { get; set; } = 20_000_000_000;

    /// <summary>
    /// The folder of <c>config.json</c>, in which <c>docker login</c> keeps what private base images are pulled with. Empty:
    /// <c>DOCKER_CONFIG</c>, else <c>~/.docker</c>.
    /// </summary>
    public string Config { get; set; } = "";

    /// <summary>That folder, wherever it is.</summary>
    public string ConfigFolder =>
        Config.Length > 0 ? Config
        : Environment.GetEnvironmentVariable("DOCKER_CONFIG") is { Length: > 0 } folder ? folder
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".docker");

    /// <summary>The folder of the certificates in use; null without TLS.</summary>
    public string? CertFolder
    {
        get
        {
            if (CertPath.Length > 0)
            {
                return CertPath;
            }

            var folder = Environment.GetEnvironmentVariable("DOCKER_CERT_PATH");
            return string.IsNullOrEmpty(Environment.GetEnvironmentVariable("DOCKER_TLS_VERIFY")) ? null
                : !string.IsNullOrEmpty(folder) ? folder
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".docker");
        }
    }

    /// <summary>The address in use.</summary>
    public Uri Endpoint
    {
        get
        {
            var host = Host.Length > 0 ? Host : Environment.GetEnvironmentVariable("DOCKER_HOST");
            return new Uri(!string.IsNullOrEmpty(host) ? host
                : OperatingSystem.IsWindows() ? "npipe://./pipe/docker_engine"
                : "unix:///var/run/docker.sock");
        }
    }
}

/// <summary>Checks <see cref="DockerOptions"/> at start.</summary>
[OptionsValidator]
public sealed partial class DockerOptionsValidator : IValidateOptions<DockerOptions>;
