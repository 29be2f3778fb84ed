using System.IO.Pipelines;
using System.Text;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Ci.BuildKit.Serving;

/// <summary>The gRPC server of all sessions: Kestrel, over connections that are already there. There is one in a process, from
/// the first session on: to put one together takes as long as a small build, and nothing in it belongs to a session.</summary>
internal static class SessionServer
{
    private const int MaxWaitingBytes = 1 << 20;
    private const int MaxHeaders = 100_000;
    private const int MaxHeaderBytes = 16 << 20;

    private static readonly UpgradedConnections Connections = new();

    private static readonly Lazy<Task> Started = new(StartAsync);

    /// <summary>Serves a connection until it ends.</summary>
    /// <returns>What ends when no call of it is answered any more.</returns>
    public static async Task<Task> ServeAsync(
        Stream connection, IDuplexPipe pipes, SessionAnswers answers, CancellationToken cancellationToken)
    {
        await Started.Value.WaitAsync(cancellationToken);
        var served = new UpgradedConnection(connection, pipes, answers);
        Connections.Add(served);
        return served.Ended;
    }

    public static SessionAnswers AnswersOf(ServerCallContext call) => call.GetHttpContext().Features.GetRequiredFeature<SessionAnswers>();

    private static async Task StartAsync()
    {
        // The empty builder: no configuration, no logging, none of the address settings of the host this runs in.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;

            // Long, but not Timeout.InfiniteTimeSpan: with that, Kestrel 10 closes an idle HTTP/2 connection at its next heartbeat.
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromDays(1);

            // A call for files has a header for each line of .dockerignore, and each path that the Dockerfile copies.
            kestrel.Limits.MaxRequestHeaderCount = MaxHeaders;
            kestrel.Limits.MaxRequestBufferSize = MaxHeaderBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
            kestrel.Limits.Http2.MaxRequestHeaderFieldSize = MaxHeaderBytes;
            kestrel.RequestHeaderEncodingSelector = static _ => Encoding.UTF8;

            // An engine takes files as slowly as its disk does.
            kestrel.Limits.MinResponseDataRate = null;

            // The next piece is read while the engine takes the last.
            kestrel.Limits.MaxResponseBufferSize = MaxWaitingBytes;
            kestrel.Listen(UpgradedEndPoint.Instance, listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddSingleton<IConnectionListenerFactory>(Connections);
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc();

        var server = builder.Build();
        server.UseRouting();
        server.MapGrpcService<AuthService>();
        server.MapGrpcService<FileSyncService>();
        server.MapGrpcService<SecretsService>();
        server.MapGrpcService<HealthService>();
        await server.StartAsync();
    }

    /// <summary>Leaves the process's signals alone: the usual lifetime would end all sessions at a SIGTERM, and swallow it.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
