using System.IO.Pipes;
using System.Net.Sockets;

namespace Ci.Pipeline.Docker;

/// <summary>Speaks HTTP to the engine where Docker.DotNet has no method for it (<c>/build/prune</c>).</summary>
internal static class EngineSocket
{
    /// <summary>A client whose every connection goes to the engine, whatever host its addresses name.</summary>
    public static HttpClient Client(Uri endpoint, EngineTls? tls) =>
        new(new SocketsHttpHandler { ConnectCallback = (_, cancellationToken) => ConnectAsync(endpoint, tls, cancellationToken) })
        {
            BaseAddress = new Uri("http://engine/"),
            Timeout = TimeSpan.FromMinutes(5),
        };

    private static async ValueTask<Stream> ConnectAsync(Uri endpoint, EngineTls? tls, CancellationToken cancellationToken)
    {
        if (endpoint.Scheme == "npipe")
        {
            var pipe = new NamedPipeClientStream(".", endpoint.Segments[^1], PipeDirection.InOut, PipeOptions.Asynchronous);
            await pipe.ConnectAsync(cancellationToken);
            return pipe;
        }

        var isUnix = endpoint.Scheme == "unix";
        var socket = isUnix
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await (isUnix
                ? socket.ConnectAsync(new UnixDomainSocketEndPoint(endpoint.LocalPath), cancellationToken)
                : socket.ConnectAsync(endpoint.Host, endpoint.Port, cancellationToken));
            var stream = new NetworkStream(socket, ownsSocket: true);
            return tls is null ? stream : await tls.WrapAsync(stream, endpoint.Host, cancellationToken);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
