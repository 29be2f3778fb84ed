using System.IO.Pipes;
using System.Net.Security;
using System.Net.Sockets;

namespace Ci.BuildKit;

/// <summary>Where the Docker engine is: <c>unix:///path</c>, <c>npipe://./pipe/name</c>, <c>tcp://host:port</c> or
/// <c>http://host:port</c>.</summary>
/// <param name="Uri">The address.</param>
public sealed record EngineAddress(Uri Uri)
{
    /// <summary>The ports of an engine that listens without and with TLS, as registered with IANA.</summary>
    private const int PlainPort = 2375, TlsPort = 2376;

    /// <summary>How to talk TLS to a <c>tcp</c> address, or null to do without.</summary>
    public EngineTls? Tls { get; init; }

    public override string ToString() => Uri.ToString();

    /// <summary>A client whose requests all go to the engine. Requests use relative addresses.</summary>
    public HttpClient CreateClient() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellationToken) => await ConnectAsync(socket => new ListeningStream(socket), cancellationToken),
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
    })
    {
        // The name is only what the Host header says: every connection goes to the engine.
        BaseAddress = new Uri("http://docker/"),
        Timeout = Timeout.InfiniteTimeSpan,
    };

    internal Task<Stream> ConnectAsync(CancellationToken cancellationToken) =>
        ConnectAsync(static socket => new NetworkStream(socket, ownsSocket: true), cancellationToken);

    private async Task<Stream> ConnectAsync(Func<Socket, Stream> stream, CancellationToken cancellationToken) => Uri.Scheme switch
    {
        "unix" => stream(await ConnectSocketAsync(
            new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified),
            socket => socket.ConnectAsync(new UnixDomainSocketEndPoint(Uri.LocalPath), cancellationToken))),
        "npipe" => await ConnectPipeAsync(Uri.Segments[^1], cancellationToken),
        "tcp" or "http" => await SecuredAsync(
            stream(await ConnectSocketAsync(
                new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true },
                socket => socket.ConnectAsync(Uri.Host, Port, cancellationToken))),
            cancellationToken),
        _ => throw new NotSupportedException(
            $"An engine at {Uri} cannot be reached: only unix://, npipe://, tcp:// and http:// addresses can."),
    };

    private int Port => Uri.IsDefaultPort || Uri.Port < 0 ? (Tls is null ? PlainPort : TlsPort) : Uri.Port;

    private static async Task<Socket> ConnectSocketAsync(Socket socket, Func<Socket, ValueTask> connect)
    {
        try
        {
            await connect(socket);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<Stream> ConnectPipeAsync(string name, CancellationToken cancellationToken)
    {
        var pipe = new NamedPipeClientStream(".", name, PipeDirection.InOut, PipeOptions.Asynchronous);
        await pipe.ConnectAsync(cancellationToken);
        return pipe;
    }

    private async Task<Stream> SecuredAsync(Stream connection, CancellationToken cancellationToken)
    {
        if (Tls is null)
        {
            return connection;
        }

        var secured = new SslStream(connection);
        try
        {
            await secured.AuthenticateAsClientAsync(Tls.OptionsFor(Uri.Host), cancellationToken);
            return secured;
        }
        catch
        {
            await secured.DisposeAsync();
            throw;
        }
    }

    /// <summary>A connection on which writing does not fail. The engine may refuse a build and hang up while the context is still
    /// being sent (seen for an unknown platform); its answer is then there to be read, and the broken write, which came first,
    /// would hide it. If there is none, reading fails.</summary>
    private sealed class ListeningStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
    {
        private bool _broken;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                if (!_broken)
                {
                    await base.WriteAsync(buffer, cancellationToken);
                }
            }
            catch (IOException)
            {
                _broken = true;
            }
        }
    }
}
