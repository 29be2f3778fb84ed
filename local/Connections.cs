using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;

namespace Ci.Local;

/// <summary>Finds the connection string behind a trigger's <c>Connection</c>, in the Functions host's order.</summary>
internal static class Connections
{
    public const string Default = "AzureWebJobsStorage";

    /// <exception cref="HostException">The connection is not set, or is no connection string.</exception>
    public static Func<string, QueueClient> Queues(QueueFunction function, IConfiguration settings)
    {
        var connection = Setting("AzureWebJobs" + function.Connection, settings) ?? Setting(function.Connection, settings);
        if (string.IsNullOrWhiteSpace(connection))
        {
            throw new HostException(
                $"Function {function.Name} takes its messages from connection {function.Connection}, which is not set: "
                + $"add {function.Connection} to local.settings.json or the environment.");
        }

        // Texts are decoded by the listener, so that one that is not base64 can be copied to the poison queue as it is.
        var options = new QueueClientOptions { MessageEncoding = QueueMessageEncoding.None };
        try
        {
            return new QueueServiceClient(connection, options).GetQueueClient;
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            // The string itself holds a key and is not shown.
            throw new HostException(
                $"Setting {function.Connection} is no Azure Storage connection string; "
                + "UseDevelopmentStorage=true is the one of a local Azurite.");
        }
    }

    private static string? Setting(string name, IConfiguration settings) => settings.GetConnectionString(name) ?? settings[name];
}
