using System.Text.Json.Serialization;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Queue;
using Ci.Pipeline.Reporting;
using Microsoft.Extensions.Options;

namespace Ci.Web.Api;

/// <summary>A build as the API shows it.</summary>
public sealed record BuildView
{
    public required string Id { get; init; }

    public required BuildState State { get; init; }

    /// <summary>How it stands or ended, in one sentence.</summary>
    public required string Summary { get; init; }

    public required string Repository { get; init; }

    public required int PullRequest { get; init; }

    public required string Commit { get; init; }

    public required BuildPurpose Purpose { get; init; }

    public required string Title { get; init; }

    public required string Url { get; init; }

    public required string Author { get; init; }

    /// <summary>When it was accepted.</summary>
    public required DateTimeOffset QueuedAt { get; init; }

    /// <summary>When it was last begun.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>How often it was begun.</summary>
    public required int Attempts { get; init; }

    /// <summary>The address of the build that took its place.</summary>
    public string? SupersededBy { get; init; }

    public required IReadOnlyList<BuildStage> Stages { get; init; }

    public required IReadOnlyList<PushedImage> Images { get; init; }

    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>The last lines of the log of a build that failed.</summary>
    public required IReadOnlyList<string> LogTail { get; init; }

    public required BuildLinks Links { get; init; }
}

/// <summary>The addresses of a build and of its log.</summary>
public sealed record BuildLinks(string Self, string Log);

/// <summary>Shows records to people and programs, with links that work where they are read.</summary>
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

/// <summary>A message that was given up, as the API shows it.</summary>
public sealed record PoisonMessageView
{
    /// <summary>Its id, for replaying it.</summary>
    public required string Id { get; init; }

    /// <summary>Why it was given up, in a sentence.</summary>
    public required string Cause { get; init; }

    /// <summary>When it was given up.</summary>
    public DateTimeOffset? GivenUpAt { get; init; }

    /// <summary>Until when the queue keeps it.</summary>
    public DateTimeOffset? KeptUntil { get; init; }

    /// <summary>The build that it asked for; null when it cannot be read or there is no record of it.</summary>
    public BuildView? Build { get; init; }

    public required string Text { get; init; }

    /// <summary>Whether it asks for a build, so that it can be replayed.</summary>
    [JsonIgnore]
    public bool IsReadable { get; init; }
}

/// <summary>The messages that were given up.</summary>
/// <param name="Count">How many there are, about.</param>
/// <param name="Oldest">The oldest of them, 32 at most.</param>
public sealed record PoisonQueueView(int Count, IReadOnlyList<PoisonMessageView> Oldest);

/// <summary>How the API writes JSON.</summary>
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

/// <summary>What GitHub, and whoever reads its <i>Recent deliveries</i>, is told of a delivery.</summary>
/// <param name="Verdict">What is done about it, and why.</param>
/// <param name="Id">The build's id; null when there is none.</param>
/// <param name="Url">The build's address; null when there is none.</param>
public sealed record WebhookAnswer(string Verdict, string? Id, string? Url);

/// <summary>What went wrong, and what to do, in a sentence.</summary>
public sealed record ProblemAnswer(string Error);
