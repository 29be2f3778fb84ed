using System.Text.Json.Serialization;

namespace Ci.Pipeline.Builds;

/// <summary>Where a build stands.</summary>
public enum BuildState
{
    /// <summary>It waits for a free worker, or for another try.</summary>
    [JsonStringEnumMemberName("queued")]
    Queued,

    /// <summary>A worker builds it.</summary>
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

    /// <summary>Somebody stopped it.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled,

    /// <summary>It comes from a fork, and somebody has to approve its commit first.</summary>
    [JsonStringEnumMemberName("waiting")]
    Waiting,
}

/// <summary>An image that a build pushed.</summary>
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

    /// <summary>The manifest's digest as the registry gave it.</summary>
    public required string Digest { get; init; }

    /// <summary>What pulling it downloads, in bytes.</summary>
    public required long Size { get; init; }
}

/// <summary>What is done in a part of a build.</summary>
public enum StageKind
{
    Source,
    Build,
    Push,
    Tags,

    /// <summary>How it ended; in the log alone.</summary>
    End,
}

/// <summary>A part of a build's work: from when it began until the next one, or the build's end, unless it has an end of its own.</summary>
/// <param name="Kind">What is done; in the rows of older versions only the <see cref="Name"/> says it.</param>
/// <param name="Image">The image that it is done for; null when it is done for all.</param>
/// <param name="StartedAt">When it began.</param>
public sealed record BuildStage(StageKind Kind, string? Image, DateTimeOffset StartedAt)
{
    /// <summary>The same for people: <c>Source</c>, <c>Build api</c>.</summary>
    public string Name { get; init; } = $"{Kind} {Image}".TrimEnd();

    /// <summary>Whether others run beside it, so that it does not end when the next begins.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsBeside { get; init; }

    /// <summary>When it ended, if it has others beside it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public DateTimeOffset? EndedAt { get; init; }
}

/// <summary>What GitHub was told of a build's place in line; held while it may still be on its way, for the end must not overtake it.</summary>
/// <param name="Text">The words.</param>
/// <param name="At">When somebody set out to tell it.</param>
public sealed record QueuePosition(string Text, DateTimeOffset At) : Leased;

/// <summary>What a builder had in its cache.</summary>
/// <param name="Cached">The steps that it did not do again.</param>
/// <param name="Steps">All steps.</param>
public sealed record CacheUse(int Cached, int Steps);

/// <summary>All that is known of a build. Its owner is the worker that builds it, or one that has not let go of it since it was stopped from outside.</summary>
public sealed record Build : Leased
{
    /// <summary>What was asked for.</summary>
    public required BuildRequest Request { get; init; }

    /// <summary>Where it stands.</summary>
    public required BuildState State { get; init; }

    /// <summary>One sentence for people: how it stands, or how it ended.</summary>
    public required string Summary { get; init; }

    /// <summary>How often a worker has begun it.</summary>
    public int Attempts { get; init; }

    /// <summary>When a worker last began it.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>The last try's error, if it may be the commit's fault and may be the engine's: the same once more decides.</summary>
    public string? UnconfirmedFailure { get; init; }

    /// <summary>Not to be begun before this; null for at once.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>When it first stepped back for another repository's build; null when it has not.</summary>
    public DateTimeOffset? SteppedBackAt { get; init; }

    /// <summary>When its message was last put onto the queue.</summary>
    public DateTimeOffset? SentAt { get; init; }

    /// <summary>The id of the build that took its place.</summary>
    public string? SupersededBy { get; init; }

    /// <summary>The final state that GitHub was told.</summary>
    public BuildState? Reported { get; init; }

    /// <summary>The final state that the pull request's comment was brought to, or need not be.</summary>
    public BuildState? Commented { get; init; }

    /// <summary>The id of its check run at GitHub; null where there is none.</summary>
    public long? CheckRun { get; init; }

    /// <summary>What its builder had in its cache; null before it ended.</summary>
    public CacheUse? Cache { get; init; }

    /// <summary>What GitHub was last told of its place in line; null when nothing was.</summary>
    public QueuePosition? QueuePosition { get; init; }

    /// <summary>The step of the Dockerfile at which it failed; null when it did not, or not at one.</summary>
    public FailedStep? FailedStep { get; init; }

    /// <summary>The image whose build failed; null when none did, or all of them.</summary>
    public string? FailedImage { get; init; }

    /// <summary>The names of all images that the commit asks for; empty before that is known.</summary>
    public IReadOnlyList<string> Planned { get; init; } = [];

    /// <summary>What it pushed.</summary>
    public IReadOnlyList<PushedImage> Images { get; init; } = [];

    /// <summary>The stages that a worker's last try came to, in their order.</summary>
    public IReadOnlyList<BuildStage> Stages { get; init; } = [];

    /// <summary>Whether somebody wants it built although it is built, so that nothing is taken from an earlier build.</summary>
    public bool IsAnew { get; init; }

    /// <summary>What people should know although it was built.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The last lines of the log of a build that failed.</summary>
    public IReadOnlyList<string> LogTail { get; init; } = [];

    /// <summary>The build's id.</summary>
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

    /// <summary>The record of a build that was just accepted.</summary>
    public static Build Queued(BuildRequest request) => new()
    {
        Request = request,
        State = BuildState.Queued,
        Summary = "Queued.",
        SentAt = request.QueuedAt,
    };

    /// <summary>The record of a build that somebody has to approve first; the reason says how.</summary>
    public static Build Waiting(BuildRequest request, string reason) => new()
    {
        Request = request,
        State = BuildState.Waiting,
        Summary = reason,
    };

    /// <summary>This build, to be built again; whoever has not let go of it yet keeps it until then, and an approval of its commit holds.</summary>
    public Build Again(BuildRequest request) =>
        Queued(request with { ApprovedBy = request.ApprovedBy ?? Request.ApprovedBy }) with { Owner = Owner, OwnedUntil = OwnedUntil };

    /// <summary>This build, ended before its time.</summary>
    public Build Stopped(BuildState state, string summary, DateTimeOffset now, string? supersededBy = null) =>
        this with { State = state, Summary = summary, FinishedAt = now, SupersededBy = supersededBy };
}
