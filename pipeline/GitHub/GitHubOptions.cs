using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.GitHub;

/// <summary>Section <c>GitHub</c>.</summary>
public sealed class GitHubOptions
{
    public const string Section = "GitHub";

    /// <summary>The largest answer in memory; a page of a pull request's files has a few megabytes. Archives are streamed.</summary>
    public const int MaxAnswerBytes = 64 << 20;

    /// <summary>GitHub's REST API; another for GitHub Enterprise Server (<c>https://HOST/api/v3</c>).</summary>
    [Required(ErrorMessage = "GitHub__ApiUrl is empty: leave it out for https://api.github.com.")]
    [RegularExpression("^https?://.+$", ErrorMessage = "GitHub__ApiUrl must start with https://, like https://api.github.com.")]
    public string ApiUrl { get; set; } = "https://api.github.com";

    /// <summary>Empty for public repositories, or with a GitHub App.</summary>
    public string Token { get; set; } = "";

    /// <summary>A GitHub App's id or client id; empty to use <see cref="Token"/>.</summary>
    [RegularExpression(
        "^[A-Za-z0-9.]*$", ErrorMessage = "GitHub__AppId must be the App ID or the Client ID of the App's page, like 123456.")]
    public string AppId { get; set; } = "";

    /// <summary>PEM; <c>\n</c> may stand for its line breaks.</summary>
    public string PrivateKey { get; set; } = "";

    public string PrivateKeyPath { get; set; } = "";

    public bool IsApp => AppId.Length > 0;

    public bool CanWrite => IsApp || Token.Length > 0;

    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public string ReadPrivateKey() =>
        PrivateKey.Length > 0 ? PrivateKey.Replace("\\n", "\n", StringComparison.Ordinal)
        : PrivateKeyPath.Length > 0 ? File.ReadAllText(PrivateKeyPath)
        : "";
}

[OptionsValidator]
internal sealed partial class GitHubOptionsValidator : IValidateOptions<GitHubOptions>;

internal sealed class GitHubAppValidator : IValidateOptions<GitHubOptions>
{
    public ValidateOptionsResult Validate(string? name, GitHubOptions options) =>
        Problem(options) is { } problem ? ValidateOptionsResult.Fail(problem) : ValidateOptionsResult.Success;

    private static string? Problem(GitHubOptions options)
    {
        if (!options.IsApp)
        {
            return options.PrivateKey.Length + options.PrivateKeyPath.Length == 0
                ? null
                : "GitHub__PrivateKey or GitHub__PrivateKeyPath is set but GitHub__AppId is empty: set it to the App ID on the App's page.";
        }

        if (options.Token.Length > 0)
        {
            return "GitHub__AppId and GitHub__Token are both set: leave one of them empty.";
        }

        try
        {
            using var key = RSA.Create();
            key.ImportFromPem(options.ReadPrivateKey());
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"GitHub__PrivateKeyPath cannot be read: {e.Message}";
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            // The message may quote what it could not read, which is a key.
            return "GitHub__AppId is set, but neither GitHub__PrivateKey nor GitHub__PrivateKeyPath has a private key: "
                + "generate one on the App's page; it begins with -----BEGIN RSA PRIVATE KEY-----.";
        }
    }
}
