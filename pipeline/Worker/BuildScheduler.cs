using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Queue;

namespace Ci.Pipeline.Worker;

/// <summary>Whether it is a build's turn.</summary>
public enum Turn
{
    Now,

    /// <summary>Another repository has waited while builds of this one run: that one goes first.</summary>
    AfterOthers,

    /// <summary>It has ended, or another worker has it: there is nothing to do.</summary>
    Never,
}

/// <summary>Decides when a build may begin: one build of a pull request at a time, and no repository keeps the workers to itself
/// while another one waits.</summary>
public sealed class BuildScheduler(BuildStore store, BuildQueue queue, TimeProvider time)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(200);

    // Long enough for the other repository's message to be taken; if it is not, it is hidden, and waiting for it helps nobody.
    private static readonly TimeSpan StepBackLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan StepBackDelay = TimeSpan.FromSeconds(1);

    /// <summary>Waits until no other build of the pull request is held: its successor has ended it already, so that takes as long
    /// as its worker needs to stop, or, if that worker died, until its hold runs out.</summary>
    public async Task<Turn> WaitAsync(BuildRequest request, CancellationToken cancellationToken)
    {
        while (true)
        {
            var active = await store.ActiveAsync(cancellationToken);
            var mine = active.FirstOrDefault(record => record.Id == request.BuildId);
            if (mine is null or { IsFinal: true } || (mine.State == BuildState.Running && mine.IsHeld(time.GetUtcNow())))
            {
                return Turn.Never;
            }

            if (!active.Any(record => IsSamePullRequest(record.Request, request) && record.IsHeld(time.GetUtcNow())))
            {
                return OthersGoFirst(active, mine) ? Turn.AfterOthers : Turn.Now;
            }

            await Task.Delay(LookInterval, time, cancellationToken);
        }
    }

    /// <summary>Puts a build's message behind the others'.</summary>
    public async Task StepBackAsync(BuildRequest request, CancellationToken cancellationToken)
    {
        await queue.SendAsync(request, cancellationToken, StepBackDelay);
        await store.UpdateAsync(
            request.BuildId,
            r => r.State == BuildState.Queued && r.SteppedBackAt is null ? r with { SteppedBackAt = time.GetUtcNow() } : null,
            cancellationToken);
    }

    private bool OthersGoFirst(IReadOnlyList<Build> active, Build mine)
    {
        var now = time.GetUtcNow();
        var repository = mine.Request.Repository;
        return !(now - mine.SteppedBackAt > StepBackLimit)
            && active.Any(record => IsOf(record, repository) && record.Id != mine.Id && record.IsHeld(now))
            && active.Any(record => !IsOf(record, repository) && record.State == BuildState.Queued && !(record.NotBefore > now)
                && !active.Any(other => IsOf(other, record.Request.Repository) && other.IsHeld(now)));
    }

    private static bool IsOf(Build record, string repository) =>
        record.Request.Repository.Equals(repository, StringComparison.OrdinalIgnoreCase);

    private static bool IsSamePullRequest(BuildRequest one, BuildRequest other) =>
        one.PullRequest == other.PullRequest && one.Repository.Equals(other.Repository, StringComparison.OrdinalIgnoreCase);
}
