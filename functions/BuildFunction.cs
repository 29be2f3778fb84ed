using Ci.Pipeline.Builds;
using Ci.Pipeline.Queue;
using Ci.Pipeline.Worker;
using Microsoft.Azure.Functions.Worker;

namespace Ci.Functions;

/// <summary>Builds what the queue asks for.</summary>
public sealed class BuildFunction(BuildWorker worker, RunningBuilds running)
{
    /// <summary>A message on queue <c>builds</c>.</summary>
    [Function("Build")]
    public Task RunAsync([QueueTrigger(BuildQueue.Name)] string message, CancellationToken cancellationToken) =>
        running.RunAsync(stop => worker.RunAsync(BuildRequest.Parse(message), stop), cancellationToken);
}
