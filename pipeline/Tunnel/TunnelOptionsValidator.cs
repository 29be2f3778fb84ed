using Ci.Pipeline.Builds;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Tunnel;

internal sealed class TunnelOptionsValidator(IConfiguration configuration) : IValidateOptions<TunnelOptions>
{
    private const int ShortestSecret = 16;

    // What the examples and docker-compose.yml hold: everyone knows these, so they may guard a loopback port only.
    private static readonly string[] PublishedSecrets = ["replace-with-a-long-random-string", "known-to-everyone-loopback-only"];

    public ValidateOptionsResult Validate(string? name, TunnelOptions options)
    {
        if (!options.Enabled)
        {
            return ValidateOptionsResult.Skip;
        }

        var problems = Problems(options).ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private IEnumerable<string> Problems(TunnelOptions options)
    {
        if (!Uri.TryCreate(options.NgrokApiUrl, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            yield return $"Tunnel__NgrokApiUrl is \"{options.NgrokApiUrl}\"; "
                + "give the ngrok agent's address, such as http://127.0.0.1:4040.";
        }

        if (options.PollInterval <= TimeSpan.Zero)
        {
            yield return $"Tunnel__PollInterval is \"{options.PollInterval}\"; give a time above zero, such as 00:00:05.";
        }

        if (options.Repositories.Count == 0)
        {
            yield return "Tunnel__Enabled is true but Tunnel__Repositories is empty; "
                + "name the repositories, such as owner/name,owner/other.";
        }

        foreach (var repository in options.Repositories.Where(r => !GitHubNames.IsRepository(r)))
        {
            yield return $"Tunnel__Repositories has \"{repository}\"; write it as owner/name.";
        }

        if (string.IsNullOrWhiteSpace(configuration["GitHub:Token"]) && string.IsNullOrWhiteSpace(configuration["GitHub:AppId"]))
        {
            yield return "Tunnel__Enabled is true but GitHub__Token is empty, and so is GitHub__AppId; "
                + "give a token or a GitHub App with the repository permission Webhooks: read and write.";
        }

        var secret = configuration["GitHub:WebhookSecret"] ?? "";
        if (secret.Length < ShortestSecret || PublishedSecrets.Contains(secret))
        {
            yield return $"Tunnel__Enabled is true but GitHub__WebhookSecret is an example's or shorter than {ShortestSecret} characters; "
                + "a tunnel opens this program to the internet, so make one with: openssl rand -hex 32";
        }
    }
}
