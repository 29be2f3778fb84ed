using System.Collections.Concurrent;
using Ci.Pipeline.Queue;
using Ci.Pipeline.Report;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline;

/// <summary>
/// Whether a repository may have one more build wait (<c>Build__MaxQueued</c>). Looking costs a read, so a look is good for
/// half a minute, as long as what was let in since cannot have filled the room. What comes at the very same moment, or
/// meanwhile to another host, may make it more.
/// </summary>
public sealed class QueueRoom(BuildRecords records, IOptions<BuildOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Lasts = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, Look> _looks = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether other pull requests of the repository have as many builds waiting as may.</summary>
    public async Task<bool> IsFullAsync(BuildRequest request, CancellationToken cancellation)
    {
        if (_looks.TryGetValue(request.Repository, out var last) && time.GetUtcNow() - last.At < Lasts && last.LetIn() < options.Value.MaxQueued)
        {
            return false;
        }

        var look = new Look(time.GetUtcNow());
        var waiting = await records.QueuedOfAsync(request.Repository, options.Value.MaxQueued + 1, cancellation);
        look.Found(waiting.Count + 1);
        _looks[request.Repository] = look;
        return waiting.Count(record => record.Request.PullRequest != request.PullRequest) >= options.Value.MaxQueued;
    }

    private sealed class Look(DateTimeOffset at)
    {
        private int _waiting;

        public DateTimeOffset At { get; } = at;

        public void Found(int count) => _waiting = count;

        /// <summary>One more is let in: how many may there be by now, it included.</summary>
        public int LetIn() => Interlocked.Increment(ref _waiting);
    }
}
