using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Ci.Pipeline.Text;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Builds.Storage;

/// <summary>The builds' logs: one append blob each, <c>build-logs/ID.log</c>, which can be read while it grows: a
/// <see cref="LogRecord"/> a line.</summary>
public sealed class BuildLogs(IOptions<StorageOptions> options, SecretMask mask, TimeProvider time)
{
    public const string ContainerName = "build-logs";

    private readonly BlobContainerClient _container = new(
        options.Value.ConnectionString, ContainerName, new BlobClientOptions().WithPatienceOf(options.Value));

    /// <summary>Opens a build's log for writing at its end; a second attempt goes on where the first one stopped.
    /// <paramref name="heard"/> is called with every sign of life, and how many characters it had.</summary>
    public async Task<BuildLog> OpenAsync(string id, Action<int> heard, CancellationToken cancellationToken)
    {
        var blob = _container.GetAppendBlobClient(id + ".log");
        var create = new AppendBlobCreateOptions
        {
            // A double click opens it, which it would not by the type of JSON Lines.
            HttpHeaders = new BlobHttpHeaders { ContentType = "text/plain; charset=utf-8" },
            Conditions = new AppendBlobRequestConditions { IfNoneMatch = ETag.All },
        };
        try
        {
            await blob.CreateAsync(create, cancellationToken);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            await _container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            await blob.CreateIfNotExistsAsync(create.HttpHeaders, cancellationToken: cancellationToken);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.BlobAlreadyExists)
        {
            // An earlier attempt's log: go on behind it.
        }

        return new BuildLog(blob, mask, heard, time);
    }

    /// <summary>The log from byte <paramref name="offset"/> to where it ends now, as a stream; null when there is no log yet or
    /// nothing behind the offset.</summary>
    public async Task<Stream?> ReadAsync(string id, long offset, CancellationToken cancellationToken)
    {
        try
        {
            var blob = _container.GetBlobClient(id + ".log");
            var options = new BlobDownloadOptions { Range = new HttpRange(offset) };
            return (await blob.DownloadStreamingAsync(options, cancellationToken)).Value.Content;
        }
        catch (RequestFailedException e) when (e.Status is 404 or 416)
        {
            return null;
        }
    }
}
