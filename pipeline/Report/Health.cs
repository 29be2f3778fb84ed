using Azure;

namespace Ci.Pipeline.Report;

/// <summary>How the host is.</summary>
/// <param name="CanBuild">Whether builds can run.</param>
/// <param name="Storage">What is wrong with storage, and what to do; <c>ok</c> when nothing is.</param>
public sealed record HealthView(bool CanBuild, string Storage);

/// <summary>Looks whether what builds need is there.</summary>
public sealed class Health(BuildRecords records)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Looks now.</summary>
    public async Task<HealthView> LookAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            await records.ListAsync(1, limit.Token);
            return new HealthView(true, "ok");
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException or OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            return new HealthView(false, "Storage does not answer: see that Azurite (AzureWebJobsStorage) runs.");
        }
    }
}
