using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Ci.BuildKit.Serving;

/// <summary>The gRPC server of one session: Kestrel, over the one connection that is already there.</summary>
internal static class SessionServer
{
    private const int MaxWaitingBytes = 1 << 20;
    private const int MaxHeaders = 100_000;
    private const int MaxHeaderBytes = 16 << 20;

    /// <summary>Serves until it is disposed of or the connection ends.</summary>
    public static async Task<WebApplication> StartAsync(Stream connection, IDuplexPipe pipes, SessionAnswers answers, CancellationToken cancellation)
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
        builder.Services.AddSingleton<IConnectionListenerFactory>(new UpgradedConnectionFactory(connection, pipes));
        builder.Services.AddSingleton(answers);
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc();

        var server = builder.Build();
        server.UseRouting();
        server.MapGrpcService<AuthService>();
        server.MapGrpcService<FileSyncService>();
        server.MapGrpcService<SecretsService>();
        server.MapGrpcService<HealthService>();
        await server.StartAsync(cancellation);
        return server;
    }

    /// <summary>Leaves the process's signals alone: the usual lifetime would end the session at a SIGTERM, and swallow it.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
