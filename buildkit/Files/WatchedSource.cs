using System.Runtime.ExceptionServices;
using Grpc.Core;

namespace Ci.BuildKit.Files;

/// <summary>Keeps what a source threw: the engine only says that the build's files did not come.</summary>
internal sealed class WatchedSource(ContextSource source) : ContextSource
{
    private ExceptionDispatchInfo? _failure;

    public override IReadOnlyList<ContextFile> Files => source.Files;

    public override string? Name => source.Name;

    public override Func<string, bool> Excluding(IReadOnlyList<string> patterns)
    {
        try
        {
            return source.Excluding(patterns);
        }
        catch (Exception e)
        {
            _failure ??= ExceptionDispatchInfo.Capture(e);
            throw;
        }
    }

    public override async Task ReadAsync(ContextRequests requests, CancellationToken cancellationToken)
    {
        try
        {
            await source.ReadAsync(requests, cancellationToken);
        }
        catch (Exception e) when (e is not RpcException && !cancellationToken.IsCancellationRequested)
        {
            _failure ??= ExceptionDispatchInfo.Capture(e);
            throw;
        }
    }

    public void ThrowIfFailed() => _failure?.Throw();
}
