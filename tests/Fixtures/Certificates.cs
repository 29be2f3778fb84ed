using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ci.Tests.Fixtures;

/// <summary>An authority and what it signed for an engine and its client, in the files that docker uses.</summary>
internal static class Certificates
{
    /// <param name="folder">Where the files go.</param>
    /// <param name="address">What they are for, beside <c>localhost</c>.</param>
    public static void Write(string folder, IPAddress? address = null)
    {
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=tests' authority", authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        using var authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(2));
        File.WriteAllText(Path.Combine(folder, "ca.pem"), authority.ExportCertificatePem());
        Sign(folder, authority, "server-", "1.3.6.1.5.5.7.3.1", address);
        Sign(folder, authority, "", "1.3.6.1.5.5.7.3.2");
    }

    private static void Sign(string folder, X509Certificate2 authority, string prefix, string usage, IPAddress? address = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        if (address is not null)
        {
            names.AddIpAddress(address);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        using var certificate = request.Create(authority, authority.NotBefore, authority.NotAfter, RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(Path.Combine(folder, prefix + "cert.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, prefix + "key.pem"), key.ExportPkcs8PrivateKeyPem());
    }
}
