using Ci.BuildKit;
using Ci.Pipeline.Registry;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Docker.Credentials;

/// <summary>What base images are pulled with: the registry's own settings for the registry that is pushed to, and for all others
/// what <c>docker login</c> has left on this machine.</summary>
public sealed class RegistryCredentialStore(IOptions<RegistryOptions> registry, DockerConfigFile machine)
{
    /// <summary>The credentials for a registry, by the name the engine knows it by; null to go there without.</summary>
    public async Task<RegistryCredentials?> FindAsync(string host, CancellationToken cancellationToken) =>
        registry.Value is { Username.Length: > 0 } ours && ours.Host == host
            ? new RegistryCredentials(ours.Username, ours.Password)
            : await machine.FindAsync(host, cancellationToken);

    /// <summary>All that there are, by registry, for a builder that cannot ask for the ones it needs.</summary>
    public async Task<IReadOnlyDictionary<string, RegistryCredentials>> AllAsync(CancellationToken cancellationToken)
    {
        var hosts = (await machine.HostsAsync(cancellationToken)).Append(registry.Value.Host).ToHashSet(StringComparer.Ordinal);
        var found = await Task.WhenAll(hosts.Select(async host => (Host: host, Login: await FindAsync(host, cancellationToken))));
        return found.Where(one => one.Login is not null).ToDictionary(one => one.Host, one => one.Login!);
    }
}
