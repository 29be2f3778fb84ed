using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using Ci.BuildKit.Serving;

namespace Ci.BuildKit;

/// <summary>A session with the engine's BuildKit: a connection over which the engine asks back while it builds, for a registry's
/// credentials or a secret's value, so that neither has to be in the build's request. It is opened by <c>POST /session</c>, which
/// switches the connection to HTTP/2 without TLS; from then on the engine is gRPC's client and this process its server. A build
/// uses it when its request names it: <c>/build?version=2&amp;session=ID</c>.</summary>
internal sealed class BuildKitSession : IAsyncDisposable
{
    // BuildKit asks only for what the headers of POST /session say that the session has.
    private static readonly string[] Methods =
    [
        "/moby.filesync.v1.Auth/Credentials",
        "/moby.filesync.v1.FileSync/DiffCopy",
        "/moby.buildkit.secrets.v1.Secrets/GetSecret",
        "/grpc.health.v1.Health/Check",
    ];

    // A call that does not heed its cancellation is not waited for.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Stream _connection;
    private readonly Task _serving;

    private BuildKitSession(string id, Stream connection, Task serving)
    {
        Id = id;
        _connection = connection;
        _serving = serving;
    }

    /// <summary>What a build names the session by. Whoever knows it and can reach the engine can use the session.</summary>
    public string Id { get; }

    /// <summary>Opens a session; it lasts until it is disposed of or the engine goes away.</summary>
    /// <exception cref="BuildKitUnavailableException">The engine has no sessions.</exception>
    /// <exception cref="EngineUnavailableException">The engine does not answer.</exception>
    public static async Task<BuildKitSession> OpenAsync(EngineAddress engine, SessionAnswers answers, CancellationToken cancellationToken)
    {
        var id = Guid.NewGuid().ToString("N");
        Stream? connection = null;
        try
        {
            connection = await engine.ConnectAsync(cancellationToken);
            var pipes = await Upgrade.SendAsync(connection, Headers(id, answers.Files?.Name), cancellationToken);
            return new BuildKitSession(id, connection, await SessionServer.ServeAsync(connection, pipes, answers, cancellationToken));
        }
        catch (Exception e)
        {
            if (connection is not null)
            {
                await connection.DisposeAsync();
            }

            if (e is IOException or SocketException or AuthenticationException)
            {
                throw new EngineUnavailableException($"The Docker engine at {engine} opens no session: {e.Message}", e);
            }

            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _serving.WaitAsync(Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static IEnumerable<KeyValuePair<string, string>> Headers(string id, string? context) =>
    [
        new("X-Docker-Expose-Session-Uuid", id),
        new("X-Docker-Expose-Session-Name", "ci"),
        new(
            "X-Docker-Expose-Session-Sharedkey",
            context is null ? id : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(context)))),
        .. Methods.Select(method => new KeyValuePair<string, string>("X-Docker-Expose-Session-Grpc-Method", method)),
    ];
}
