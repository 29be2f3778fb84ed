using System.Net.Sockets;
using Ci.Pipeline.Builds;
using Docker.DotNet;
using Docker.DotNet.NativeHttp;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Docker;

/// <summary>
/// The connection to the Docker engine. It tells apart what a retry can cure (<see cref="ImageUnavailableException"/>) from
/// what it cannot (<see cref="ImageRefusedException"/>).
/// </summary>
public sealed class EngineClient : IDisposable
{
    private readonly EngineTls? _tls;

    /// <summary>Reaches the engine that the settings name.</summary>
    public EngineClient(IOptions<DockerOptions> options)
    {
        Endpoint = options.Value.Endpoint;
        _tls = EngineTls.Of(options.Value);
        Api = Open(new Dictionary<string, string>());
    }

    /// <summary>The engine's address.</summary>
    public Uri Endpoint { get; }

    internal DockerClient Api { get; }

    /// <summary>A client that sends a header along for which Docker.DotNet's methods have no parameter.</summary>
    internal DockerClient OpenWith(string header, string value) => Open(new Dictionary<string, string> { [header] = value });

    /// <summary>A client for what Docker.DotNet has no method for.</summary>
    internal HttpClient OpenHttp() => EngineSocket.Client(Endpoint, _tls);

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
                $"The Docker engine at {Endpoint} does not answer. Is it running? (docker info tells.)", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Api.Dispose();

    private DockerClient Open(Dictionary<string, string> headers)
    {
        var builder = new DockerClientBuilder().WithEndpoint(Endpoint).WithTimeout(Timeout.InfiniteTimeSpan).WithHeaders(headers);
        // The transport that Docker.DotNet takes for TCP by itself has TLS options of its own making; this one is .NET's.
        return _tls is null ? builder.Build() : builder.WithAuthProvider(_tls).WithTransportOptions(new NativeHttpTransportOptions()).Build();
    }
}
