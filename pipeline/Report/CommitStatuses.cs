using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Serialization;
using Ci.Pipeline.Webhook;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Report;

/// <summary>
/// Tells GitHub how a build stands, as a commit status on the head commit
/// (<c>POST /repos/{owner}/{repo}/statuses/{sha}</c>, GitHub REST API, "Create a commit status").
/// </summary>
public sealed partial class CommitStatuses(
    HttpClient http, BuildRecords records, BuildViews views, IOptions<ReportOptions> options, TimeProvider time, ILogger<CommitStatuses> logger)
{
    private const int MaxDescription = 140;

    /// <summary>Tells that a build runs; what GitHub does not take now is no matter, for the end is told for certain.</summary>
    public async Task TellRunningAsync(BuildRecord record, CancellationToken cancellation)
    {
        try
        {
            await PostAsync(record, cancellation);
        }
        catch (Exception e) when (HttpFaults.IsNoAnswer(e, cancellation))
        {
            Log.NotTold(logger, record.Id, e.Message);
        }
        catch (OperationCanceledException)
        {
            // The build is being stopped, or GitHub is slow.
        }
    }

    /// <summary>
    /// Tells how a build ended, if that was not told yet and nobody holds the build; false when GitHub is away, and it is
    /// to be tried again.
    /// </summary>
    public async Task<bool> TellEndAsync(string id, CancellationToken cancellation)
    {
        while (await records.FindAsync(id, cancellation) is { IsFinal: true } record && record.Reported != record.State && !record.IsHeld(time.GetUtcNow()))
        {
            try
            {
                await PostAsync(record, cancellation);
            }
            catch (Exception e) when (HttpFaults.IsNoAnswer(e, cancellation))
            {
                Log.NotTold(logger, id, e.Message);
                return false;
            }

            // A build that was begun again meanwhile is told of at its next end.
            await records.UpdateAsync(id, r => r.State == record.State ? r with { Reported = r.State } : null, cancellation);
        }

        return true;
    }

    private async Task PostAsync(BuildRecord record, CancellationToken cancellation)
    {
        // Without a token GitHub takes no status; closing a pull request builds nothing that could have one.
        if (http.DefaultRequestHeaders.Authorization is null || options.Value.StatusContext.Length == 0 || record.Request.Purpose == BuildPurpose.Close)
        {
            return;
        }

        var request = record.Request;
        using var response = await http.PostAsJsonAsync(
            $"repos/{request.Repository}/statuses/{request.Commit}", StatusOf(record), StatusJson.Default.NewStatus, cancellation);
        if ((int)response.StatusCode >= 500 || response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout)
        {
            throw new HttpRequestException($"GitHub answered {(int)response.StatusCode}.", null, response.StatusCode);
        }

        if (!response.IsSuccessStatusCode)
        {
            Log.Refused(logger, record.Id, (int)response.StatusCode, request.Repository);
        }
    }

    private NewStatus StatusOf(BuildRecord record)
    {
        var url = views.LinkTo(record.Id);
        return new NewStatus(
            record.State switch
            {
                BuildState.Queued or BuildState.Running or BuildState.Waiting => "pending",
                BuildState.Succeeded => "success",
                BuildState.Failed => "failure",
                _ => "error",
            },
            // The merge's images are others than the pull request's; so is their status, on the same commit.
            record.Request.Purpose == BuildPurpose.Merge ? options.Value.StatusContext + "/merge" : options.Value.StatusContext,
            record.Summary.Length > MaxDescription ? record.Summary[..(MaxDescription - 1)] + "…" : record.Summary,
            url.StartsWith("http", StringComparison.Ordinal) ? url : null);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Build {BuildId}: GitHub could not be told how it stands ({Problem}); it is tried again")]
        public static partial void NotTold(ILogger logger, string buildId, string problem);

        [LoggerMessage(2, LogLevel.Warning, "Build {BuildId}: GitHub answered {Status} to a commit status; give GitHub__Token the permission Commit statuses: read and write on {Repository}")]
        public static partial void Refused(ILogger logger, string buildId, int status, string repository);
    }
}

/// <summary>A commit status to be made.</summary>
internal sealed record NewStatus(string State, string Context, string Description, string? TargetUrl);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NewStatus))]
internal sealed partial class StatusJson : JsonSerializerContext;
