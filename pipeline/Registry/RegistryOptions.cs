using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Registry;

/// <summary>Section <c>Registry</c>.</summary>
public sealed partial class RegistryOptions
{
    public const string Section = "Registry";

    /// <summary><c>host[:port]</c>, maybe with a path (<c>ghcr.io/owner</c>), as the engine and whoever pulls resolve it.</summary>
    [RegularExpression(
        @"^[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[a-z0-9._/-]+)?$",
        ErrorMessage = "Registry__Address must be host[:port][/path] without a scheme, like localhost:83 or ghcr.io/owner.")]
    [Required(ErrorMessage = "Registry__Address is empty: set it to host[:port], like localhost:83.")]
    public string Address { get; set; } = "localhost:83";

    /// <summary>This process's own way to the API. Empty: <c>http://</c> for localhost, else <c>https://</c>.</summary>
    [RegularExpression(
        "^https?://.+$", ErrorMessage = "Registry__Url must be empty or start with http:// or https://, like http://registry:5000.")]
    public string Url { get; set; } = "";

    /// <summary>Empty where the registry asks for no login.</summary>
    public string Username { get; set; } = "";

    public string Password { get; set; } = "";

    /// <summary>PEM, beside the system's authorities. The engine has its own place, <c>/etc/docker/certs.d/HOST/ca.crt</c>.</summary>
    public string CaPath { get; set; } = "";

    /// <summary>Shares cache through the registry: for several hosts, or engines that are emptied. Only BuildKit does.</summary>
    public bool Cache { get; set; }

    public (string Username, string Password)? Login => Username.Length > 0 ? (Username, Password) : null;

    /// <summary><c>host[:port]</c>; <c>docker.io</c> is <c>registry-1.docker.io</c>.</summary>
    public string Host => RegistryHost.Of(Address.Split('/', 2)[0]);

    /// <summary>Ends in a slash.</summary>
    public Uri ApiUrl
    {
        get
        {
            var url = Url.Length > 0 ? Url : (IsLocal(Host) ? "http://" : "https://") + Host;
            return new Uri(url.TrimEnd('/') + "/");
        }
    }

    /// <summary>Empty or ending in a slash.</summary>
    public string Prefix => Address.Contains('/', StringComparison.Ordinal) ? Address.Split('/', 2)[1].TrimEnd('/') + "/" : "";

    /// <summary><c>registry/name</c>.</summary>
    public string RepositoryOf(string name) => $"{Address.TrimEnd('/')}/{name}";

    // The engine, too, allows plain HTTP for localhost and 127/8 only.
    private static bool IsLocal(string host) => LocalHost().IsMatch(host);

    [GeneratedRegex(@"^(localhost|127\.[0-9.]+)(:[0-9]+)?$")]
    private static partial Regex LocalHost();
}

[OptionsValidator]
internal sealed partial class RegistryOptionsValidator : IValidateOptions<RegistryOptions>;

internal sealed class RegistryLoginValidator : IValidateOptions<RegistryOptions>
{
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
            return ValidateOptionsResult.Fail(
                $"Registry__CaPath is '{options.CaPath}', which cannot be read ({e.Message}): it must be a PEM file with certificates.");
        }
    }
}
