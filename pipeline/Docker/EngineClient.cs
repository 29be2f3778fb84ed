using System.Net.Sockets;
using Ci.BuildKit;
using Ci.Pipeline.Builds;
using Docker.DotNet;
using Docker.DotNet.NativeHttp;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Docker;

/// <summary>The connection to the Docker engine. It tells apart what a retry can cure (<see cref="ImageUnavailableException"/>)
/// from what it cannot (<see cref="ImageRefusedException"/>).</summary>
public sealed class EngineClient : IDisposable
{
    private readonly Uri _endpoint;

    public EngineClient(IOptions<DockerOptions> options)
    {
        _endpoint = options.Value.Endpoint;
        Address = options.Value.Address;
        Api = Open(new Dictionary<string, string>());
    }

    public EngineAddress Address { get; }

    internal DockerClient Api { get; }

    /// <summary>What the engine says of itself.</summary>
    /// <exception cref="EngineUnavailableException">It does not answer.</exception>
    public Task<EngineProbe> ProbeAsync(CancellationToken cancellationToken) => EngineProbe.AskAsync(Address, cancellationToken);

    /// <summary>A client that sends a header along for which Docker.DotNet's methods have no parameter.</summary>
    internal DockerClient OpenWith(string header, string value) => Open(new Dictionary<string, string> { [header] = value });

    internal HttpClient OpenHttp()
    {
        var http = Address.CreateClient();
        http.Timeout = TimeSpan.FromMinutes(5);
        return http;
    }

    internal async Task<T> CallAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (DockerApiException e)
        {
            throw EngineErrors.OfAnswer(e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException or TimeoutException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new ImageUnavailableException(
                $"The Docker engine at {_endpoint} does not answer. Is it running? (docker info tells.)", e);
        }
    }

    public void Dispose() => Api.Dispose();

    private DockerClient Open(Dictionary<string, string> headers)
    {
        var builder = new DockerClientBuilder().WithEndpoint(_endpoint).WithTimeout(Timeout.InfiniteTimeSpan).WithHeaders(headers);
        // The transport that Docker.DotNet takes for TCP by itself has TLS options of its own making; this one is .NET's.
        return Address.Tls is { } tls
            ? builder.WithAuthProvider(new DockerDotNetTls(tls)).WithTransportOptions(new NativeHttpTransportOptions()).Build()
            : builder.Build();
    }
}
