using Azure.Core;
using Azure.Core.Pipeline;

namespace Ci.Tests.Builds;

/// <summary>Holds the first request to storage with this method and this in its address until it is let go.</summary>
internal sealed class HeldRequest(RequestMethod method, string address) : HttpPipelinePolicy
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _letGo = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the request is about to be sent.</summary>
    public Task Reached => _reached.Task;

    /// <summary>Has it sent.</summary>
    public void LetGo() => _letGo.TrySetResult();

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        if (message.Request.Method == method
            && Uri.UnescapeDataString(message.Request.Uri.ToString()).Contains(address, StringComparison.Ordinal)
            && _reached.TrySetResult())
        {
            await _letGo.Task.WaitAsync(message.CancellationToken);
        }

        await ProcessNextAsync(message, pipeline);
    }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        throw new NotSupportedException("Nothing here waits for storage on its thread.");
}
