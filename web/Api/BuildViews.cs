using System.Text.Json.Serialization;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Queue;
using Ci.Pipeline.Reporting;
using Microsoft.Extensions.Options;

namespace Ci.Web.Api;

public sealed record BuildView
{
    public required string Id { get; init; }

    public required BuildState State { get; init; }

    /// <summary>One sentence.</summary>
    public required string Summary { get; init; }

    public required string Repository { get; init; }

    public required int PullRequest { get; init; }

    public required string Commit { get; init; }

    public required BuildPurpose Purpose { get; init; }

    public required string Title { get; init; }

    public required string Url { get; init; }

    public required string Author { get; init; }

    public required DateTimeOffset QueuedAt { get; init; }

    /// <summary>When it was last begun.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public required int Attempts { get; init; }

    /// <summary>The address of the build that took its place.</summary>
    public string? SupersededBy { get; init; }

    public required IReadOnlyList<BuildStage> Stages { get; init; }

    public required IReadOnlyList<PushedImage> Images { get; init; }

    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>Of a build that failed.</summary>
    public required IReadOnlyList<string> LogTail { get; init; }

    public required BuildLinks Links { get; init; }
}

public sealed record BuildLinks(string Self, string Log);

public sealed class BuildViews(IOptions<ReportOptions> options)
{
    public string LinkTo(string id) => options.Value.PublicUrl.TrimEnd('/') + PublicAddress.PathTo(id);

    public PoisonMessageView Of(PoisonMessage message, Build? build) => new()
    {
        Id = message.Id,
        Cause = message.Problem ?? build?.Summary ?? "There is no record of its build; replaying it makes one.",
        GivenUpAt = message.InsertedAt,
        KeptUntil = message.ExpiresAt,
        Build = build is null ? null : Of(build),
        IsReadable = message.Request is not null,
        Text = message.Text,
    };

    public BuildView Of(Build record) => new()
    {
        Id = record.Id,
        State = record.State,
        Summary = record.Summary,
        Repository = record.Request.Repository,
        PullRequest = record.Request.PullRequest,
        Commit = record.Request.Commit,
        Purpose = record.Request.Purpose,
        Title = record.Request.Title,
        Url = record.Request.Url,
        Author = record.Request.Author,
        QueuedAt = record.Request.QueuedAt,
        StartedAt = record.StartedAt,
        FinishedAt = record.FinishedAt,
        Attempts = record.Attempts,
        SupersededBy = record.SupersededBy is { } successor ? LinkTo(successor) : null,
        Stages = record.Stages,
        Images = record.Images,
        Warnings = record.Warnings,
        LogTail = record.LogTail,
        Links = new BuildLinks(LinkTo(record.Id), LinkTo(record.Id) + "/log"),
    };
}

public sealed record PoisonMessageView
{
    public required string Id { get; init; }

    /// <summary>One sentence.</summary>
    public required string Cause { get; init; }

    public DateTimeOffset? GivenUpAt { get; init; }

    public DateTimeOffset? KeptUntil { get; init; }

    /// <summary>Null when the message cannot be read or there is no record of the build.</summary>
    public BuildView? Build { get; init; }

    public required string Text { get; init; }

    /// <summary>Only a message that asks for a build can be replayed.</summary>
    [JsonIgnore]
    public bool IsReadable { get; init; }
}

/// <summary><c>Count</c> is about right; <c>Oldest</c> has 32 at most.</summary>
public sealed record PoisonQueueView(int Count, IReadOnlyList<PoisonMessageView> Oldest);

[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BuildView))]
[JsonSerializable(typeof(IReadOnlyList<BuildView>))]
[JsonSerializable(typeof(PoisonQueueView))]
[JsonSerializable(typeof(HealthView))]
[JsonSerializable(typeof(IReadOnlyList<DeliveryLogEntry>))]
[JsonSerializable(typeof(WebhookAnswer))]
[JsonSerializable(typeof(ProblemAnswer))]
public sealed partial class ReportJson : JsonSerializerContext;

/// <summary>Shows among GitHub's <i>Recent deliveries</i>. <c>Id</c> and <c>Url</c> are null when there is no build.</summary>
public sealed record WebhookAnswer(string Verdict, string? Id, string? Url);

/// <summary>One sentence: what went wrong, and what to do.</summary>
public sealed record ProblemAnswer(string Error);
