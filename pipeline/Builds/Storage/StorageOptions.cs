using System.ComponentModel.DataAnnotations;
using Azure.Data.Tables;
using Azure.Storage.Queues;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Builds.Storage;

public sealed class StorageOptions
{
    /// <summary>The Azure Storage connection string, setting <c>AzureWebJobsStorage</c>: the one that the Functions host uses for its
    /// queue triggers. <c>UseDevelopmentStorage=true</c> means Azurite on 127.0.0.1.</summary>
    [Required(ErrorMessage =
        "AzureWebJobsStorage is empty: set it to UseDevelopmentStorage=true for Azurite on this machine, "
        + "or to a storage account's connection string.")]
    public string ConnectionString { get; set; } = "";

    /// <summary>What of the connection string nobody is to read: the account's key, or a signature.</summary>
    public IEnumerable<string> Secrets =>
        from part in ConnectionString.Split(';')
        let name = part.Split('=', 2)[0].Trim()
        where name is "AccountKey" or "SharedAccessSignature"
        select part.Split('=', 2)[^1];

    internal TimeSpan RequestLimit { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long an accepted delivery may wait for storage before GitHub is told 503; GitHub itself waits 10 s.</summary>
    public static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(5);
}

[OptionsValidator]
internal sealed partial class StorageOptionsValidator : IValidateOptions<StorageOptions>;

/// <summary>Checks at start that the connection string is one. It is never shown: it holds the account's key.</summary>
internal sealed class ConnectionStringValidator : IValidateOptions<StorageOptions>
{
    public ValidateOptionsResult Validate(string? name, StorageOptions options)
    {
        try
        {
            // The tables' client is the stricter of the two that are made from it.
            _ = new TableServiceClient(options.ConnectionString);
            _ = new QueueServiceClient(options.ConnectionString);
            return ValidateOptionsResult.Success;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidOperationException)
        {
            // The empty one has a sentence already.
            return options.ConnectionString.Length == 0
                ? ValidateOptionsResult.Skip
                : ValidateOptionsResult.Fail(
                    "AzureWebJobsStorage is not a connection string: set it to UseDevelopmentStorage=true for Azurite on this machine, "
                    + "or to the one that the storage account's page shows.");
        }
    }
}
