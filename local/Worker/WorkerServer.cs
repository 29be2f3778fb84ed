using System.Collections.Concurrent;
using System.Net;
using Ci.Local.Worker.Protocol;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ci.Local.Worker;

/// <summary>Listens on this machine alone for the workers that were started here, and for nobody else.</summary>
internal sealed class WorkerServer(WebApplication app, ConcurrentDictionary<string, WorkerChannel> expected) : IAsyncDisposable
{
    private const int MaxMessageBytes = 128 << 20;

    public Uri Address { get; } = new(app.Urls.First());

    public static async Task<WorkerServer> StartAsync(ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var builder = EmptyWebApplication.CreateBuilder(loggers);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
            // A stream that says nothing for an hour is a quiet app, no slow client.
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
        });
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = grpc.MaxSendMessageSize = MaxMessageBytes);
        var expected = new ConcurrentDictionary<string, WorkerChannel>();
        builder.Services.AddSingleton(expected);
        var app = builder.Build();
        app.MapGrpcService<Service>();
        await app.StartAsync(cancellationToken);
        return new WorkerServer(app, expected);
    }

    /// <summary>Lets a worker in that will announce itself with the channel's id.</summary>
    public void Expect(WorkerChannel channel) => expected[channel.WorkerId] = channel;

    public void Forget(WorkerChannel channel) => expected.TryRemove(channel.WorkerId, out _);

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private sealed class Service(ConcurrentDictionary<string, WorkerChannel> expected) : FunctionRpc.FunctionRpcBase
    {
        public override async Task EventStream(
            IAsyncStreamReader<StreamingMessage> requestStream, IServerStreamWriter<StreamingMessage> responseStream,
            ServerCallContext context)
        {
            // Whoever is on this machine may connect; only the process that was started here knows the id, and it serves once.
            var channel = await requestStream.MoveNext(context.CancellationToken)
                && requestStream.Current.StartStream is { } start
                && expected.TryRemove(start.WorkerId, out var found) ? found : null;
            if (channel is null)
            {
                throw new Grpc.Core.RpcException(new Status(StatusCode.PermissionDenied, "No worker of this id was started here."));
            }

            await channel.ServeAsync(requestStream, responseStream, context.CancellationToken);
        }
    }
}
