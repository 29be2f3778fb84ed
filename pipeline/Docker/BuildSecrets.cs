using System.Text;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Source.DockerInfo;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Docker;

/// <summary>A secret that builds may be given; settings <c>Secrets__ID__Value</c> and so on.</summary>
public sealed class BuildSecretOptions
{
    public string Value { get; set; } = "";

    /// <summary>Whose builds may have it: <c>owner/name</c> or <c>owner/*</c> with commas between; empty for nobody's.</summary>
    public string Repositories { get; set; } = "";

    public bool Forks { get; set; }
}

/// <summary>The host's secrets by their ids; section <c>Secrets</c>.</summary>
public sealed class SecretsOptions
{
    public const string Key = "Secrets";

    /// <summary>The secrets; ids are compared without regard to case, as settings are.</summary>
    public Dictionary<string, BuildSecretOptions> All { get; } = new(StringComparer.OrdinalIgnoreCase);
}

internal sealed class SecretsOptionsValidator : IValidateOptions<SecretsOptions>
{
    public ValidateOptionsResult Validate(string? name, SecretsOptions options)
    {
        var wrong = options.All.SelectMany(secret => Problems(secret.Key, secret.Value)).ToList();
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }

    private static IEnumerable<string> Problems(string id, BuildSecretOptions secret)
    {
        if (secret.Value.Length == 0)
        {
            yield return $"Secrets__{id}__Value is empty: set it, or remove the other settings of this secret.";
        }

        if (secret.Repositories.Length == 0)
        {
            yield return $"Secrets__{id}__Repositories is empty: name the repositories whose builds may have the secret, "
                + "owner/name or owner/* with commas between.";
        }
    }
}

/// <summary>Gives a build the secrets that its dockerInfo.json names, if they are for it.</summary>
public sealed class BuildSecrets(IOptions<SecretsOptions> options)
{
    /// <summary>The values of the image's secrets, by id.</summary>
    /// <exception cref="ImageRefusedException">One is not there, or not for this build.</exception>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Of(BuildRequest request, ImageSpec spec) =>
        spec.Secrets.ToDictionary(
            id => id, id => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(ValueOf(request, id)), StringComparer.Ordinal);

    // Whether a secret exists is told to those who may have it, and to nobody else.
    private string ValueOf(BuildRequest request, string id) => options.Value.All.GetValueOrDefault(id) switch
    {
        { } secret when RepositoryPatterns.Match(secret.Repositories, request.Repository) => !request.IsFork || secret.Forks
            ? secret.Value
            : throw new ImageRefusedException(
                $"dockerInfo.json names the secret '{id}', which builds of forks do not get (Secrets__{id}__Forks)."),
        _ => throw new ImageRefusedException(
            $"dockerInfo.json names the secret '{id}', which this host does not have for {request.Repository}: "
            + $"whoever runs it sets Secrets__{id}__Value and Secrets__{id}__Repositories."),
    };
}
