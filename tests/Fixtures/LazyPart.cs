namespace Ci.Tests.Fixtures;

/// <summary>A real part that is started when the first test needs it and ends with the test run.</summary>
public abstract class LazyPart : IAsyncDisposable
{
    private readonly SemaphoreSlim _lock = new(1);
    private bool _started;

    protected string Folder { get; } = Directory.CreateTempSubdirectory("ci-t-").FullName;

    /// <summary>Starts it if it does not run yet.</summary>
    public async Task StartAsync()
    {
        await _lock.WaitAsync();
        try
        {
            if (!_started)
            {
                await StartPartAsync();
                _started = true;
            }
        }
        finally
        {
            _lock.Release();
        }
    }

    /// <summary>Stops it in the way that loses nothing, and starts it again at the same address.</summary>
    public async Task RestartAsync()
    {
        await StopGentlyAsync();
        await StartPartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopPartAsync();
        _lock.Dispose();
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }

        GC.SuppressFinalize(this);
    }

    protected abstract Task StartPartAsync();

    protected abstract ValueTask StopPartAsync();

    protected virtual ValueTask StopGentlyAsync() => StopPartAsync();
}
