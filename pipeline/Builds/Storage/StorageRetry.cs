using Azure.Core;

namespace Ci.Pipeline.Builds.Storage;

/// <summary>The storage clients' patience: short, because GitHub waits 10 s and the queue above them retries anyway.</summary>
internal static class StorageRetry
{
    /// <summary>Two quick retries, and for each request what the storage's options allow.</summary>
    public static T WithPatienceOf<T>(this T options, StorageOptions storage)
        where T : ClientOptions
    {
        options.Retry.Mode = RetryMode.Fixed;
        options.Retry.Delay = TimeSpan.FromMilliseconds(200);
        options.Retry.MaxRetries = 2;
        options.Retry.NetworkTimeout = storage.RequestLimit;
        options.Diagnostics.IsDistributedTracingEnabled = false;
        return options;
    }
}
