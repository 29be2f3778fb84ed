using Microsoft.Extensions.Configuration;

namespace Ci.Pipeline.GitHub;

/// <summary>
/// What GitHub knows this host by, for sentences that say what to do when it refuses: with a GitHub App another setting is
/// wrong, and another page of GitHub's mends it, than with a token.
/// </summary>
/// <param name="AppId">The GitHub App's id; empty when it is none.</param>
/// <param name="HasToken">Whether there is a token.</param>
public sealed record GitHubIdentity(string AppId, bool HasToken)
{
    public bool IsApp => AppId.Length > 0;

    /// <summary>Its name within a sentence.</summary>
    public string Name => IsApp ? $"GitHub App {AppId}" : HasToken ? "the token in GitHub__Token" : "this host, which shows no token";

    public static GitHubIdentity From(IConfiguration configuration) =>
        new(configuration["GitHub:AppId"] ?? "", !string.IsNullOrEmpty(configuration["GitHub:Token"]));

    /// <summary>What to do when GitHub does not know it (401), as the end of a sentence.</summary>
    public string HowToBeKnown =>
        IsApp ? "see that GitHub__AppId and the private key are of one App and that the App is not suspended"
        : HasToken ? "it is wrong, expired or revoked; make a new one and set GitHub__Token"
        : "set GitHub__Token";

    /// <summary>What to do when it may not do something (403, or 404 where that is not even shown), as the end of a sentence.</summary>
    public string HowToBeAllowed(string permission, string repository) =>
        IsApp ? $"give GitHub App {AppId} the permission {permission} and install it on {repository}"
        : HasToken ? $"give the token in GitHub__Token the permission {permission} on {repository}"
        : $"set GitHub__Token to a token with the permission {permission} on {repository}";
}
