using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Ci.BuildKit;

/// <summary>How this process and an engine that listens on TCP prove to each other who they are.</summary>
public sealed record EngineTls
{
    /// <summary>This process's certificate with its key, or null if the engine asks for none.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>Who may have signed the engine's certificate; empty for those that the system trusts.</summary>
    public X509Certificate2Collection Authorities { get; init; } = [];

    /// <summary>Reads <c>ca.pem</c>, <c>cert.pem</c> and <c>key.pem</c>, the files that <c>DOCKER_CERT_PATH</c> leads to.</summary>
    public static EngineTls FromFolder(string folder)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(Path.Combine(folder, "ca.pem"));
        using var certificate = X509Certificate2.CreateFromPemFile(Path.Combine(folder, "cert.pem"), Path.Combine(folder, "key.pem"));

        // Windows takes no key that came from a PEM file for TLS.
        var portable = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
        return new EngineTls { Authorities = authorities, ClientCertificate = portable };
    }

    /// <summary>What <see cref="SslStream"/> wants to know; without a host, whoever opens the stream names it.</summary>
    public SslClientAuthenticationOptions OptionsFor(string? host) => new()
    {
        TargetHost = host,
        ClientCertificates = ClientCertificate is null ? null : [ClientCertificate],
        CertificateChainPolicy = Authorities.Count == 0 ? null : Policy(),
    };

    private X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(Authorities);
        return policy;
    }
}
