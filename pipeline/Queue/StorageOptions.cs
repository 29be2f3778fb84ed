using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Queue;

/// <summary>Where messages, records and logs are kept.</summary>
public sealed class StorageOptions
{
    /// <summary>
    /// The Azure Storage connection string, setting <c>AzureWebJobsStorage</c>: the one that the Functions host uses
    /// for its queue triggers. <c>UseDevelopmentStorage=true</c> means Azurite on 127.0.0.1.
    /// </summary>
    [Required(ErrorMessage = "AzureWebJobsStorage is empty: set it to UseDevelopmentStorage=true for Azurite on this machine, or to a storage account's connection string.")]
    public string ConnectionString { get; set; } = "";

    /// <summary>What of the connection string nobody is to read: the account's key, or a signature.</summary>
    public IEnumerable<string> Secrets =>
        from part in ConnectionString.Split(';')
        let name = part.Split('=', 2)[0].Trim()
        where name is "AccountKey" or "SharedAccessSignature"
        select part.Split('=', 2)[^1];

    /// <summary>How long an accepted delivery may wait for storage before GitHub is told 503; GitHub itself waits 10 s.</summary>
    public static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(5);
}

/// <summary>Checks <see cref="StorageOptions"/> at start.</summary>
[OptionsValidator]
public sealed partial class StorageOptionsValidator : IValidateOptions<StorageOptions>;
