using Ci.Pipeline.Reporting.Comments;

namespace Ci.Pipeline.Reporting;

/// <summary>Tells GitHub how a build ended: first in the line that merging may wait for, then at length.</summary>
public sealed class BuildNotifier(CommitStatuses statuses, PullRequestComments comments)
{
    /// <summary>Tells what was not told yet; false when some of it is to be tried again.</summary>
    public async Task<bool> NotifyCompletedAsync(string id, CancellationToken cancellationToken) =>
        await statuses.NotifyCompletedAsync(id, cancellationToken) && await comments.NotifyCompletedAsync(id, cancellationToken);
}
