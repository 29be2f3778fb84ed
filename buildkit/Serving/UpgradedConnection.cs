using System.IO.Pipelines;
using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace Ci.BuildKit.Serving;

/// <summary>The "address" at which upgraded connections come in.</summary>
internal sealed class UpgradedEndPoint : EndPoint
{
    public static UpgradedEndPoint Instance { get; } = new();

    public override string ToString() => "session";
}

/// <summary>Hands Kestrel connections that are already there, in place of a socket to listen on.</summary>
internal sealed class UpgradedConnections : IConnectionListenerFactory, IConnectionListenerFactorySelector, IConnectionListener
{
    private readonly Channel<ConnectionContext> _connections = Channel.CreateUnbounded<ConnectionContext>();

    public EndPoint EndPoint => UpgradedEndPoint.Instance;

    public void Add(UpgradedConnection connection) => _connections.Writer.TryWrite(connection);

    public bool CanBind(EndPoint endpoint) => endpoint is UpgradedEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult<IConnectionListener>(this);

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
        await _connections.Reader.WaitToReadAsync(cancellationToken) && _connections.Reader.TryRead(out var connection) ? connection : null;

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _connections.Writer.TryComplete();
        return default;
    }

    public ValueTask DisposeAsync() => UnbindAsync();
}

/// <summary>A connection over a stream, as Kestrel wants it. That it has ended Kestrel learns from the stream; the token of <see
/// cref="DefaultConnectionContext"/> is not used, because its Abort cancels it behind the back of its DisposeAsync.</summary>
internal sealed class UpgradedConnection : DefaultConnectionContext
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Stream _stream;

    public UpgradedConnection(Stream stream, IDuplexPipe pipes, SessionAnswers answers)
        : base(Guid.NewGuid().ToString("N"))
    {
        _stream = stream;
        Transport = pipes;
        // A call's features are those of its connection, and more.
        Features.Set(answers);
    }

    public Task Ended => _ended.Task;

    public override void Abort(ConnectionAbortedException abortReason) => _stream.Dispose();

    public override async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        await base.DisposeAsync();
        _ended.TrySetResult();
    }
}
