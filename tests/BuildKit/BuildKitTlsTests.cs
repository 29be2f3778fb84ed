using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Ci.BuildKit;
using Ci.Tests.Fixtures;

namespace Ci.Tests.BuildKit;

/// <summary>An engine behind TLS that wants to see a certificate: the real engine, with a stand-in for its TLS in front.</summary>
public sealed class BuildKitTlsTests(DockerEngine engine) : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ci-t-").FullName;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private Task _serving = Task.CompletedTask;

    private EngineAddress Address => new(new Uri($"tcp://localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}"));

    public async ValueTask InitializeAsync()
    {
        await engine.StartAsync();
        using var authority = Certificate("authority", issuer: null);
        using var client = Certificate("client", authority);
        await File.WriteAllTextAsync(Path.Combine(_folder, "ca.pem"), authority.ExportCertificatePem());
        await File.WriteAllTextAsync(Path.Combine(_folder, "cert.pem"), client.ExportCertificatePem());
        await File.WriteAllTextAsync(Path.Combine(_folder, "key.pem"), client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        _listener.Start();
        _serving = ServeAsync(Certificate("localhost", authority), client.Thumbprint);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _listener.Dispose();
        _stop.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_build_and_its_session_go_over_TLS_with_a_client_certificate()
    {
        using var builder = new BuildKitBuilder(Address with { Tls = EngineTls.FromFolder(_folder) }, new SessionAnswers());

        var image = await builder.BuildAsync(Building.Of("FROM scratch\nCOPY Dockerfile /\n"), static _ => { }, TestContext.Current.CancellationToken);

        Assert.StartsWith("sha256:", image, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_engine_whose_certificate_is_signed_by_somebody_else_is_not_talked_to()
    {
        var stranger = new EngineTls { Authorities = [Certificate("stranger", issuer: null)] };

        await Assert.ThrowsAsync<EngineUnavailableException>(() => EngineProbe.AskAsync(Address with { Tls = stranger }, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_engine_that_wants_a_certificate_turns_away_who_has_none()
    {
        var none = EngineTls.FromFolder(_folder) with { ClientCertificate = null };

        await Assert.ThrowsAsync<EngineUnavailableException>(() => EngineProbe.AskAsync(Address with { Tls = none }, TestContext.Current.CancellationToken));
    }

    private async Task ServeAsync(X509Certificate2 certificate, string client)
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(ForwardAsync(await _listener.AcceptSocketAsync(_stop.Token), certificate, client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ForwardAsync(Socket accepted, X509Certificate2 certificate, string client)
    {
        try
        {
            await using var secured = new SslStream(new NetworkStream(accepted, ownsSocket: true));
            await secured.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    ServerCertificate = certificate,
                    ClientCertificateRequired = true,
                    RemoteCertificateValidationCallback = (_, shown, _, _) => (shown as X509Certificate2)?.Thumbprint == client,
                },
                _stop.Token);
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(new Uri(engine.Host).LocalPath), _stop.Token);
            await using var plain = new NetworkStream(socket);
            await Task.WhenAny(secured.CopyToAsync(plain, _stop.Token), plain.CopyToAsync(secured, _stop.Token));
        }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException or OperationCanceledException)
        {
            // Turned away, or over.
        }
    }

    private static X509Certificate2 Certificate(string name, X509Certificate2? issuer)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(issuer is null, false, 0, true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        var (from, to) = (DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddHours(1));
        if (issuer is null)
        {
            return request.CreateSelfSigned(from, to);
        }

        using var signed = request.Create(issuer, from.AddMinutes(1), to.AddMinutes(-1), RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }
}
