using Ci.Pipeline.Builds;
using Ci.Pipeline.Source.Archive;

namespace Ci.Pipeline.Source.Tree;

/// <summary>
/// The archive of a commit that was listed: fetched once somebody asks for it, read while it comes in, and held against the
/// list. Some pass through it goes to its end, so that all of it has been seen before an image is published.
/// </summary>
/// <param name="open">Begins the download.</param>
/// <param name="listed">What it must have.</param>
/// <param name="limits">What a commit is to keep to.</param>
internal sealed class LateArchive(Func<CancellationToken, Task<Stream>> open, ListedFiles listed, SourceOptions limits) : IAsyncDisposable
{
    private const int CopiedAtOnce = 1 << 17;

    private readonly CancellationTokenSource _end = new();
    private readonly Lock _lock = new();
    private SpoolFile? _spool;
    private Task _fetching = Task.CompletedTask;
    private Task? _seen;

    /// <summary>Begins to go through it, however much of it is there.</summary>
    public ArchiveReader Open()
    {
        lock (_lock)
        {
            if (_spool is null)
            {
                _spool = new SpoolFile(limits.TempDirectory);
                _fetching = FetchAsync(_spool);
            }
        }

        return new ArchiveReader(_spool.OpenRead(), limits, new ListedCheck(listed));
    }

    /// <summary>Takes a pass over that has given what it was begun for: the first one goes on to the end by itself.</summary>
    public async ValueTask LeaveAsync(ArchiveReader reader)
    {
        lock (_lock)
        {
            if (_seen is null)
            {
                _seen = FinishAsync(reader);
                return;
            }
        }

        await reader.DisposeAsync();
    }

    /// <summary>Waits until all of it has been seen; there is nothing to wait for if nobody asked for it.</summary>
    /// <exception cref="SourceUnavailableException">It broke off, or is not what was listed.</exception>
    /// <exception cref="SourceRefusedException">It has something that no commit can have, or too much of it.</exception>
    public async Task ConfirmAsync(CancellationToken cancellationToken)
    {
        Task? seen;
        lock (_lock)
        {
            seen = _seen ??= _spool is null ? null : FinishAsync(Open());
        }

        await (seen ?? Task.CompletedTask).WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_fetching, _seen ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _spool?.Dispose();
        _end.Dispose();
    }

    private async Task FetchAsync(SpoolFile spool)
    {
        try
        {
            await using var download = await open(_end.Token);
            await using var spooling = new SpoolingStream(download, spool, limits.MaxArchiveBytes, _end.Token);
            await spooling.CopyToAsync(Stream.Null, CopiedAtOnce, _end.Token);
            spool.End();
        }
        catch (Exception e)
        {
            // It is for those who read, now or later.
            spool.End(e);
        }
    }

    private async Task FinishAsync(ArchiveReader reader)
    {
        await using (reader)
        {
            // Not in the time of the one who leaves it.
            await Task.Yield();
            while (await reader.NextAsync(_end.Token) is not null)
            {
            }

            await reader.DrainAsync(_end.Token);
        }
    }
}
