using Azure.Core;

namespace Ci.Pipeline.Builds.Storage;

/// <summary>The storage clients' patience: short, because GitHub waits 10 s and the queue above them retries anyway.</summary>
public static class StorageRetry
{
    /// <summary>Two quick retries, two seconds a request.</summary>
    public static T WithShortPatience<T>(this T options)
        where T : ClientOptions
    {
        options.Retry.Mode = RetryMode.Fixed;
        options.Retry.Delay = TimeSpan.FromMilliseconds(200);
        options.Retry.MaxRetries = 2;
        options.Retry.NetworkTimeout = TimeSpan.FromSeconds(2);
        options.Diagnostics.IsDistributedTracingEnabled = false;
        return options;
    }
}
