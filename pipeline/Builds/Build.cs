using System.Text.Json.Serialization;

namespace Ci.Pipeline.Builds;

public enum BuildState
{
    /// <summary>It waits for a free worker, or for another try.</summary>
    [JsonStringEnumMemberName("queued")]
    Queued,

    [JsonStringEnumMemberName("running")]
    Running,

    /// <summary>Its images are in the registry, or there was nothing to build.</summary>
    [JsonStringEnumMemberName("succeeded")]
    Succeeded,

    /// <summary>It cannot be built as the commit is.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>It could not be built through no fault of the commit.</summary>
    [JsonStringEnumMemberName("error")]
    Error,

    /// <summary>A newer commit of the same pull request took its place.</summary>
    [JsonStringEnumMemberName("superseded")]
    Superseded,

    [JsonStringEnumMemberName("cancelled")]
    Cancelled,

    /// <summary>It comes from a fork, and somebody has to approve its commit first.</summary>
    [JsonStringEnumMemberName("waiting")]
    Waiting,
}

public sealed record PushedImage
{
    /// <summary>The repository's name in the registry, from <c>service_name</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Its version, from dockerInfo.json; empty where the record is older than this.</summary>
    public string Version { get; init; } = "";

    /// <summary>The tags that point to it, the one to pull first.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>What to pull: <c>registry/name:tag</c>.</summary>
    public required string Reference { get; init; }

    public required string Digest { get; init; }

    /// <summary>What pulling it downloads, in bytes.</summary>
    public required long Size { get; init; }
}

public enum StageKind
{
    Source,
    Build,
    Push,
    Tags,

    /// <summary>How it ended; in the log alone.</summary>
    End,
}

/// <summary>A part of a build's work: from when it began until the next one or the build's end, unless it has its own.</summary>
public sealed record BuildStage(StageKind Kind, string? Image, DateTimeOffset StartedAt)
{
    public string Name { get; init; } = $"{Kind} {Image}".TrimEnd();

    /// <summary>Whether others run beside it, so that it does not end when the next begins.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsBeside { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public DateTimeOffset? EndedAt { get; init; }
}

/// <summary>What GitHub was told of a build's place in line; held while it is on its way, for the end must not overtake it.</summary>
public sealed record QueuePosition(string Text, DateTimeOffset At) : Leased;

public sealed record CacheUse(int Cached, int Steps);

/// <summary>All that is known of a build. Its owner is the worker that builds it, or has not let go of it since it was stopped.</summary>
public sealed record Build : Leased
{
    public required BuildRequest Request { get; init; }

    public required BuildState State { get; init; }

    /// <summary>One sentence for people: how it stands, or how it ended.</summary>
    public required string Summary { get; init; }

    public int Attempts { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>The last try's error, if it may be the commit's fault and may be the engine's: the same once more decides.</summary>
    public string? UnconfirmedFailure { get; init; }

    /// <summary>Not to be begun before this; null for at once.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>When it first stepped back for another repository's build; null when it has not.</summary>
    public DateTimeOffset? SteppedBackAt { get; init; }

    public DateTimeOffset? SentAt { get; init; }

    public string? SupersededBy { get; init; }

    public BuildState? Reported { get; init; }

    /// <summary>The final state that the pull request's comment was brought to, or need not be.</summary>
    public BuildState? Commented { get; init; }

    public long? CheckRun { get; init; }

    public CacheUse? Cache { get; init; }

    public QueuePosition? QueuePosition { get; init; }

    public FailedStep? FailedStep { get; init; }

    public string? FailedImage { get; init; }

    public IReadOnlyList<string> Planned { get; init; } = [];

    public IReadOnlyList<PushedImage> Images { get; init; } = [];

    /// <summary>The stages that a worker's last try came to, in their order.</summary>
    public IReadOnlyList<BuildStage> Stages { get; init; } = [];

    /// <summary>Whether somebody wants it built although it is built, so that nothing is taken from an earlier build.</summary>
    public bool IsAnew { get; init; }

    public IReadOnlyList<string> Warnings { get; init; } = [];

    public IReadOnlyList<string> LogTail { get; init; } = [];

    [JsonIgnore]
    public string Id => Request.BuildId;

    /// <summary>Whether it has ended, or nothing is done about it unless somebody asks.</summary>
    [JsonIgnore]
    public bool IsFinal => State is not (BuildState.Queued or BuildState.Running);

    /// <summary>Whether something newer, or a person, can end it: it is under way, or would be once it is approved.</summary>
    [JsonIgnore]
    public bool CanBeStopped => !IsFinal || State == BuildState.Waiting;

    /// <summary>Whether something is still to be done about it: build it, let go of it, or tell GitHub.</summary>
    [JsonIgnore]
    public bool IsActive => !IsFinal || Owner is not null || Reported != State || Commented != State;

    public static Build Queued(BuildRequest request) => new()
    {
        Request = request,
        State = BuildState.Queued,
        Summary = "Queued.",
        SentAt = request.QueuedAt,
    };

    public static Build Waiting(BuildRequest request, string reason) => new()
    {
        Request = request,
        State = BuildState.Waiting,
        Summary = reason,
    };

    /// <summary>This build, to be built again; who has not let go of it keeps it until then, and its commit stays approved.</summary>
    public Build Again(BuildRequest request) =>
        Queued(request with { ApprovedBy = request.ApprovedBy ?? Request.ApprovedBy }) with { Owner = Owner, OwnedUntil = OwnedUntil };

    public Build Stopped(BuildState state, string summary, DateTimeOffset now, string? supersededBy = null) =>
        this with { State = state, Summary = summary, FinishedAt = now, SupersededBy = supersededBy };
}
