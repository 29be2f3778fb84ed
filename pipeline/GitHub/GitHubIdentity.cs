using Microsoft.Extensions.Configuration;

namespace Ci.Pipeline.GitHub;

/// <summary>When GitHub refuses, an App needs another setting and another page of GitHub's than a token.</summary>
public sealed record GitHubIdentity(string AppId, bool HasToken)
{
    public bool IsApp => AppId.Length > 0;

    public string Name => IsApp ? $"GitHub App {AppId}" : HasToken ? "the token in GitHub__Token" : "this host, which shows no token";

    public static GitHubIdentity From(IConfiguration configuration) =>
        new(configuration["GitHub:AppId"] ?? "", !string.IsNullOrEmpty(configuration["GitHub:Token"]));

    /// <summary>The end of a sentence about a 401.</summary>
    public string HowToBeKnown =>
        IsApp ? "see that GitHub__AppId and the private key are of one App and that the App is not suspended"
        : HasToken ? "it is wrong, expired or revoked; make a new one and set GitHub__Token"
        : "set GitHub__Token";

    /// <summary>The end of a sentence about a 403, or a 404 where GitHub does not even show the repository.</summary>
    public string HowToBeAllowed(string permission, string repository) =>
        IsApp ? $"give GitHub App {AppId} the permission {permission} and install it on {repository}"
        : HasToken ? $"give the token in GitHub__Token the permission {permission} on {repository}"
        : $"set GitHub__Token to a token with the permission {permission} on {repository}";
}
