using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Ci.Tests.Faults;

/// <summary>A TCP relay before a part, which can cut what goes through it, and slow it down.</summary>
public sealed class Relay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<Socket, byte> _open = new();
    private readonly CancellationTokenSource _end = new();
    private readonly Func<EndPoint> _target;
    private readonly Task _accepting;
    private long _delayTicks;

    /// <summary>Starts it; the target is asked for with every connection, for a part may come back elsewhere.</summary>
    public Relay(Func<EndPoint> target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>What every piece of data waits.</summary>
    public TimeSpan Delay
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref _delayTicks));
        set => Interlocked.Exchange(ref _delayTicks, value.Ticks);
    }

    /// <summary>What happens to what a client sends, before the part gets it.</summary>
    public Action<Memory<byte>> Sent { get; init; } = static _ => { };

    /// <summary>Cuts every connection, in the middle of whatever goes on.</summary>
    public void Cut()
    {
        foreach (var socket in _open.Keys)
        {
            socket.Close(0);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _accepting;
        _listener.Stop();
        Cut();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                _ = ServeAsync(await _listener.AcceptSocketAsync(_end.Token));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket client)
    {
        var target = _target();
        using var server = new Socket(
            target.AddressFamily, SocketType.Stream, target is UnixDomainSocketEndPoint ? ProtocolType.Unspecified : ProtocolType.Tcp);
        using (client)
        {
            _open[client] = 0;
            _open[server] = 0;
            try
            {
                await server.ConnectAsync(target, _end.Token);
                await Task.WhenAll(PumpAsync(client, server, Sent), PumpAsync(server, client, static _ => { }));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The part is away, or the connection was cut: the other side sees it end.
            }
            finally
            {
                _open.TryRemove(client, out _);
                _open.TryRemove(server, out _);
            }
        }
    }

    private async Task PumpAsync(Socket from, Socket to, Action<Memory<byte>> passing)
    {
        var buffer = new byte[1 << 16];
        int read;
        while ((read = await from.ReceiveAsync(buffer, _end.Token)) > 0)
        {
            passing(buffer.AsMemory(0, read));
            if (Delay > TimeSpan.Zero)
            {
                await Task.Delay(Delay, _end.Token);
            }

            for (var sent = 0; sent < read;)
            {
                sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), _end.Token);
            }
        }

        // One side may end what it sends and still listen (the engine does with its 101 answers, HTTP clients with uploads).
        to.Shutdown(SocketShutdown.Send);
    }
}
