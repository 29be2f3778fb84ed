using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Ci.BuildKit.Serving;

/// <summary>The "address" at which the one upgraded connection comes in.</summary>
internal sealed class UpgradedEndPoint : EndPoint
{
    public static UpgradedEndPoint Instance { get; } = new();

    /// <inheritdoc/>
    public override string ToString() => "session";
}

/// <summary>Hands Kestrel one connection that is already there, in place of a socket to listen on.</summary>
internal sealed class UpgradedConnectionFactory(Stream stream, IDuplexPipe pipes) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => endpoint is UpgradedEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult<IConnectionListener>(new Listener(endpoint, new UpgradedConnection(stream, pipes)));

    private sealed class Listener(EndPoint endpoint, UpgradedConnection connection) : IConnectionListener
    {
        private readonly TaskCompletionSource _unbound = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private bool _accepted;

        public EndPoint EndPoint => endpoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            if (!_accepted)
            {
                _accepted = true;
                return connection;
            }

            await _unbound.Task.WaitAsync(cancellationToken);
            return null;
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            _unbound.TrySetResult();
            return default;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}

/// <summary>
/// A connection over a stream, as Kestrel wants it. That it has ended Kestrel learns from the stream; the token of
/// <see cref="DefaultConnectionContext"/> is not used, because its Abort cancels it behind the back of its DisposeAsync.
/// </summary>
internal sealed class UpgradedConnection : DefaultConnectionContext
{
    private readonly Stream _stream;

    public UpgradedConnection(Stream stream, IDuplexPipe pipes)
        : base(Guid.NewGuid().ToString("N"))
    {
        _stream = stream;
        Transport = pipes;
    }

    /// <inheritdoc/>
    public override void Abort(ConnectionAbortedException abortReason) => _stream.Dispose();

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        await base.DisposeAsync();
    }
}
