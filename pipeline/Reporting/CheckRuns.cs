using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Reporting.Comments;
using Ci.Pipeline.Text;

namespace Ci.Pipeline.Reporting;

/// <summary>
/// How a build stands as a check run, which only a GitHub App may make (<c>POST /repos/{owner}/{repo}/check-runs</c> and
/// <c>PATCH …/{id}</c>, GitHub REST API, "Check runs"): what a commit status and a comment say, and a note on the
/// Dockerfile's line.
/// </summary>
public sealed class CheckRuns(HttpClient http, BuildStore store, ImageComparer images, SecretMask mask)
{
    // GitHub takes 65,535 characters; CommentText keeps to fewer.
    private const int MaxText = 60_000;

    /// <summary>Tells how a build stands.</summary>
    /// <param name="record">The build.</param>
    /// <param name="name">The check's name.</param>
    /// <param name="text">The line that is shown of it.</param>
    /// <param name="page">The build's page, if it has a public address.</param>
    /// <param name="cancellationToken">Stops the telling.</param>
    /// <returns>GitHub's answer.</returns>
    public async Task<HttpResponseMessage> TellAsync(Build record, string name, string text, string? page, CancellationToken cancellationToken)
    {
        var path = $"repos/{record.Request.Repository}/check-runs";
        var run = await OfAsync(record, name, text, page, cancellationToken);
        // The record may be as it was when a worker took it; the run may be newer.
        var known = (await store.FindAsync(record.Id, cancellationToken))?.CheckRun;
        if (known is { } id)
        {
            return await http.PatchAsJsonAsync($"{path}/{id}", run with { HeadSha = null }, CheckJson.Default.CheckRun, cancellationToken);
        }

        // One that is made twice does no harm: GitHub shows the newest of a name.
        var response = await http.PostAsJsonAsync(path, run, CheckJson.Default.CheckRun, cancellationToken);
        if (response.IsSuccessStatusCode && await MadeAsync(response, cancellationToken) is { } made)
        {
            await store.UpdateAsync(record.Id, r => r.Attempts >= record.Attempts ? r with { CheckRun = made } : null, cancellationToken);
        }

        return response;
    }

    /// <summary>Tells how one image of several ended.</summary>
    /// <param name="record">The build, which has ended.</param>
    /// <param name="name">The check's name.</param>
    /// <param name="state">What the state of a commit status would be.</param>
    /// <param name="text">The line that is shown of it.</param>
    /// <param name="page">The build's page, if it has a public address.</param>
    /// <param name="cancellationToken">Stops the telling.</param>
    /// <returns>GitHub's answer.</returns>
    public Task<HttpResponseMessage> TellImageAsync(Build record, string name, string state, string text, string? page, CancellationToken cancellationToken)
    {
        var run = new CheckRun
        {
            Name = name,
            HeadSha = record.Request.Commit,
            DetailsUrl = page,
            ExternalId = record.Id,
            Status = "completed",
            StartedAt = record.StartedAt,
            // An image that another one's failure has stopped is no failure.
            Conclusion = state is "success" or "failure" ? state : record.State == BuildState.Error ? "failure" : "cancelled",
            CompletedAt = record.FinishedAt,
            Output = new CheckOutput(text, CommentMarkdown.Code(text, 2_000), null, null),
        };
        return http.PostAsJsonAsync($"repos/{record.Request.Repository}/check-runs", run, CheckJson.Default.CheckRun, cancellationToken);
    }

    private static async Task<long?> MadeAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            return (await response.Content.ReadFromJsonAsync(CheckJson.Default.MadeCheckRun, cancellationToken))?.Id;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private async Task<CheckRun> OfAsync(Build record, string name, string text, string? page, CancellationToken cancellationToken)
    {
        var conclusion = record.State switch
        {
            BuildState.Queued or BuildState.Running => null,
            BuildState.Waiting => "action_required",
            BuildState.Succeeded => "success",
            BuildState.Superseded or BuildState.Cancelled => "cancelled",
            _ => "failure",
        };
        return new CheckRun
        {
            Name = name,
            HeadSha = record.Request.Commit,
            DetailsUrl = page,
            ExternalId = record.Id,
            Status = conclusion is not null ? "completed" : record.State == BuildState.Queued ? "queued" : "in_progress",
            StartedAt = record.StartedAt,
            Conclusion = conclusion,
            CompletedAt = conclusion is null ? null : record.FinishedAt,
            Output = conclusion is null ? new CheckOutput(text, "", null, null) : await OutputAsync(record, text, cancellationToken),
        };
    }

    private async Task<CheckOutput> OutputAsync(Build record, string text, CancellationToken cancellationToken)
    {
        var isTold = record is { State: BuildState.Failed or BuildState.Error } or { State: BuildState.Succeeded, Images.Count: > 0 };
        var summary = isTold ? mask.Hide(CommentText.Of(record with { LogTail = [] }, await CompareAsync(record, cancellationToken), null)) : CommentMarkdown.Code(record.Summary, 2_000);
        var tail = record.LogTail.Count == 0 ? null : mask.Hide(CommentMarkdown.Fence(record.LogTail, "text"));
        return new CheckOutput(
            text,
            summary,
            tail?.Length > MaxText ? null : tail,
            record is { State: BuildState.Failed, FailedStep: { Line: { } line } step } ? [new CheckNote(step.File, line, line, "failure", StatusText.Failed(step))] : null);
    }

    /// <summary>A registry that is away makes it say less, and not later.</summary>
    private async Task<IReadOnlyList<ImageDifference>> CompareAsync(Build record, CancellationToken cancellationToken)
    {
        try
        {
            return await images.CompareAsync(record, cancellationToken);
        }
        catch (ImageUnavailableException)
        {
            return [.. record.Images.Select(image => new ImageDifference(image, null, null))];
        }
    }
}

/// <summary>A check run to be made or changed.</summary>
internal sealed record CheckRun
{
    public required string Name { get; init; }

    public string? HeadSha { get; init; }

    public string? DetailsUrl { get; init; }

    public required string ExternalId { get; init; }

    public required string Status { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public string? Conclusion { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    public required CheckOutput Output { get; init; }
}

/// <summary>What a check run says.</summary>
internal sealed record CheckOutput(string Title, string Summary, string? Text, IReadOnlyList<CheckNote>? Annotations);

/// <summary>A note on lines of a file.</summary>
internal sealed record CheckNote(string Path, int StartLine, int EndLine, string AnnotationLevel, string Message);

/// <summary>A check run that was made, as far as it is read.</summary>
internal sealed record MadeCheckRun(long Id);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CheckRun))]
[JsonSerializable(typeof(MadeCheckRun))]
internal sealed partial class CheckJson : JsonSerializerContext;
