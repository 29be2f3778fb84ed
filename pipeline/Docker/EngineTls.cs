using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Docker.DotNet.Handler.Abstractions;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Docker;

/// <summary>
/// Mutual TLS with an engine, from the three files that the docker command line uses (Docker documentation, "Protect the
/// Docker daemon socket"): only an engine whose certificate <c>ca.pem</c> signed is talked to.
/// </summary>
public sealed class EngineTls : IAuthProvider
{
    private readonly X509Certificate2 _certificate;
    private readonly X509ChainPolicy _policy;

    private EngineTls(string folder)
    {
        using var pair = X509Certificate2.CreateFromPemFile(File(folder, "cert.pem"), File(folder, "key.pem"));
        // Windows does not use a key that was never in a store.
        _certificate = X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pkcs12), null);
        _policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        _policy.CustomTrustStore.ImportFromPemFile(File(folder, "ca.pem"));
    }

    /// <inheritdoc/>
    public bool TlsEnabled => true;

    /// <summary>What the settings ask for; null when they ask for no TLS.</summary>
    public static EngineTls? Of(DockerOptions options) =>
        options.CertFolder is { } folder && options.Endpoint.Scheme is not ("unix" or "npipe") ? new EngineTls(folder) : null;

    /// <inheritdoc/>
    public HttpMessageHandler ConfigureHandler(HttpMessageHandler handler)
    {
        if (handler is not SocketsHttpHandler sockets)
        {
            throw new InvalidOperationException($"{handler.GetType().Name} has no TLS options.");
        }

        sockets.SslOptions = Options(host: null);
        return handler;
    }

    /// <summary>Puts TLS onto a connection.</summary>
    internal async Task<Stream> WrapAsync(Stream stream, string host, CancellationToken cancellationToken)
    {
        var tls = new SslStream(stream);
        await tls.AuthenticateAsClientAsync(Options(host), cancellationToken);
        return tls;
    }

    private static string File(string folder, string name) => Path.Combine(folder, name);

    private SslClientAuthenticationOptions Options(string? host) => new()
    {
        TargetHost = host,
        ClientCertificates = [_certificate],
        CertificateChainPolicy = _policy,
    };
}

/// <summary>Checks at start that the certificates can be read.</summary>
public sealed class EngineTlsValidator : IValidateOptions<DockerOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, DockerOptions options)
    {
        try
        {
            EngineTls.Of(options);
            return ValidateOptionsResult.Success;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or UriFormatException)
        {
            return ValidateOptionsResult.Fail(
                $"The engine's certificates in '{options.CertFolder}' cannot be read ({e.Message}): Docker__CertPath or DOCKER_CERT_PATH must name a folder with ca.pem, cert.pem and key.pem.");
        }
    }
}
