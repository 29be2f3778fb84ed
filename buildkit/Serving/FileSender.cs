using System.Buffers;
using System.Threading.Channels;
using Ci.BuildKit.Protos;
using Google.Protobuf;
using Grpc.Core;

namespace Ci.BuildKit.Serving;

/// <summary>Sends a list of files, and then the contents that the receiver asks for. It asks for what it does not have while the
/// list still comes in; nothing says that it has asked for all.</summary>
internal sealed class FileSender(
    ContextSource source, IReadOnlyList<ContextFile> files, IAsyncStreamReader<Packet> asked, IServerStreamWriter<Packet> answers)
    : ContextRequests
{
    private const int PieceSize = 1 << 18;

    // Go's bits for what is no plain file (io/fs, ModeDir and ModeSymlink).
    private const uint FolderBit = 1u << 31;
    private const uint LinkBit = 1u << 27;
    private const uint Permissions = 0x1ff;

    // A source is gone through from its beginning: better once for all that is asked for than once for each.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(100);

    private readonly Channel<Packet> _asked = Channel.CreateUnbounded<Packet>();
    private readonly Dictionary<ContextFile, uint> _wanted = new(ReferenceEqualityComparer.Instance);
    private readonly int _contents = files.Count(file => file.Kind == ContextFileKind.File);
    private int _wantedEver;
    private bool _isOver;

    public override bool IsEmpty
    {
        get
        {
            TakeRequests();
            return _wanted.Count == 0;
        }
    }

    public override bool Contains(ContextFile file)
    {
        TakeRequests();
        return _wanted.ContainsKey(file);
    }

    public async Task SendAsync(CancellationToken cancellationToken)
    {
        var listening = ListenAsync(cancellationToken);
        try
        {
            await SendListAsync(cancellationToken);
            while (await NextRequestsAsync(cancellationToken))
            {
                await AnswerOnceAsync(cancellationToken);
            }

            await WriteAsync(new Packet { Type = Packet.Types.PacketType.PacketFin }, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException and not RpcException)
        {
            var error = new Packet { Type = Packet.Types.PacketType.PacketErr, Data = ByteString.CopyFromUtf8(e.Message) };
            await WriteAsync(error, cancellationToken);
        }
        finally
        {
            await listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public override async Task AnswerAsync(ContextFile file, Stream content, CancellationToken cancellationToken)
    {
        var id = _wanted[file];
        var buffer = ArrayPool<byte>.Shared.Rent(PieceSize);
        var room = buffer.AsMemory(0, PieceSize);
        try
        {
            int read;
            // What comes out of an archive comes a few kilobytes at a time; a packet costs as much as many of those.
            while ((read = await content.ReadAtLeastAsync(room, PieceSize, throwOnEndOfStream: false, cancellationToken)) > 0)
            {
                // What is written is in the connection's own buffer when the call returns.
                var piece = UnsafeByteOperations.UnsafeWrap(room[..read]);
                await WriteAsync(new Packet { Type = Packet.Types.PacketType.PacketData, ID = id, Data = piece }, cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        await WriteAsync(new Packet { Type = Packet.Types.PacketType.PacketData, ID = id }, cancellationToken);
        _wanted.Remove(file);
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await asked.MoveNext(cancellationToken) && asked.Current.Type is Packet.Types.PacketType.PacketReq)
            {
                _asked.Writer.TryWrite(asked.Current);
            }
        }
        finally
        {
            // It has all, or it broke off: then the build itself says why.
            _asked.Writer.Complete();
        }
    }

    private async Task SendListAsync(CancellationToken cancellationToken)
    {
        foreach (var file in files)
        {
            await WriteAsync(new Packet { Type = Packet.Types.PacketType.PacketStat, Stat = StatOf(file) }, cancellationToken);
        }

        await WriteAsync(new Packet { Type = Packet.Types.PacketType.PacketStat }, cancellationToken);
    }

    /// <summary>Writes; that the receiver is gone is no fault of the source, from within which this is called.</summary>
    private async Task WriteAsync(Packet packet, CancellationToken cancellationToken)
    {
        try
        {
            await answers.WriteAsync(packet, cancellationToken);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or ObjectDisposedException)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "the receiver is gone", e));
        }
    }

    private async Task AnswerOnceAsync(CancellationToken cancellationToken)
    {
        var before = _wanted.Keys.ToList();
        await source.ReadAsync(this, cancellationToken);
        if (before.Find(_wanted.ContainsKey) is { } lost)
        {
            throw new InvalidOperationException($"The context lists {lost.Path}, but has no content for it.");
        }
    }

    /// <summary>Waits until there are requests, and for a moment no more; false when the receiver has all.</summary>
    private async Task<bool> NextRequestsAsync(CancellationToken cancellationToken)
    {
        TakeRequests();
        while (!_isOver && _wantedEver < _contents)
        {
            using var quiet = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            if (_wanted.Count > 0)
            {
                quiet.CancelAfter(Quiet);
            }

            try
            {
                await WaitAsync(quiet.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return true;
            }
        }

        while (!_isOver && _wanted.Count == 0)
        {
            await WaitAsync(cancellationToken);
        }

        return !_isOver;
    }

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        _isOver = !await _asked.Reader.WaitToReadAsync(cancellationToken);
        TakeRequests();
    }

    private void TakeRequests()
    {
        while (_asked.Reader.TryRead(out var packet))
        {
            if (packet.ID >= files.Count || files[(int)packet.ID].Kind != ContextFileKind.File)
            {
                throw new InvalidDataException($"There is no file {packet.ID} in the list.");
            }

            _wanted[files[(int)packet.ID]] = packet.ID;
            _wantedEver++;
        }
    }

    private static Stat StatOf(ContextFile file) => new()
    {
        Path = file.Path,
        Mode = ((uint)file.Mode & Permissions)
            | file.Kind switch { ContextFileKind.Folder => FolderBit, ContextFileKind.Link => LinkBit, _ => 0 },
        Size = file.Kind == ContextFileKind.File ? file.Size : 0,
        ModTime = (file.Modified - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick,
        Linkname = file.LinkTarget,
    };
}
