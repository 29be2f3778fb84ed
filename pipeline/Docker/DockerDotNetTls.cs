using System.Security.Cryptography;
using Ci.BuildKit;
using Docker.DotNet.Handler.Abstractions;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Docker;

/// <summary>Mutual TLS with an engine (Docker documentation, "Protect the Docker daemon socket"), as Docker.DotNet takes it.</summary>
internal sealed class DockerDotNetTls(EngineTls tls) : IAuthProvider
{
    public bool TlsEnabled => true;

    public HttpMessageHandler ConfigureHandler(HttpMessageHandler handler)
    {
        if (handler is not SocketsHttpHandler sockets)
        {
            throw new InvalidOperationException($"{handler.GetType().Name} has no TLS options.");
        }

        sockets.SslOptions = tls.OptionsFor(host: null);
        return handler;
    }
}

/// <summary>Checks at start that the certificates can be read.</summary>
internal sealed class EngineTlsValidator : IValidateOptions<DockerOptions>
{
    public ValidateOptionsResult Validate(string? name, DockerOptions options)
    {
        try
        {
            _ = options.Address;
            return ValidateOptionsResult.Success;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or UriFormatException)
        {
            return ValidateOptionsResult.Fail(
                $"The engine's certificates in '{options.CertFolder}' cannot be read ({e.Message}): "
                + "Docker__CertPath or DOCKER_CERT_PATH must name a folder with ca.pem, cert.pem and key.pem.");
        }
    }
}
