using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ci.Pipeline.Builds;

/// <summary>The message on queue <c>builds</c>: all that is needed to build one commit of one pull request. It is plain, versioned
/// JSON that a person can read in any Azure Storage client, it fits well within a message's 48 KB, and it holds no secret.</summary>
public sealed record BuildRequest
{
    // Titles stay as people wrote them; the JSON is never put into HTML.
    private static readonly QueueJson Readable = new(
        new JsonSerializerOptions(QueueJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;

    /// <summary>The build's unguessable, repeatable id (see <see cref="Builds.BuildId"/>).</summary>
    public required string BuildId { get; init; }

    public required BuildPurpose Purpose { get; init; }

    /// <summary>The base repository, <c>owner/name</c>.</summary>
    public required string Repository { get; init; }

    public required int PullRequest { get; init; }

    /// <summary>The pull request's head commit: 40 (or, for SHA-256 repositories, 64) hex digits.</summary>
    public required string Commit { get; init; }

    /// <summary>The pull request's title, cut to 200 characters.</summary>
    public required string Title { get; init; }

    public required string Url { get; init; }

    public required string Author { get; init; }

    public required string HeadRef { get; init; }

    public required string BaseRef { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DefaultBranch { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? IsPrivate { get; init; }

    /// <summary>How large the repository is at GitHub, all commits together, in kilobytes; where the delivery says.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? RepositoryKilobytes { get; init; }

    /// <summary>Whether the commit is a stranger's, from a fork: it is built within a fork's limits, under a fork's names.</summary>
    public bool IsFork { get; init; }

    /// <summary>Who approved this commit, of a fork that needs it; null when nobody has.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ApprovedBy { get; init; }

    /// <summary>When the pull request last changed according to GitHub; tells which of two deliveries is newer.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The delivery's GUID (<c>X-GitHub-Delivery</c>), to find it in GitHub's <i>Recent deliveries</i>.</summary>
    public required string Delivery { get; init; }

    public required DateTimeOffset QueuedAt { get; init; }

    /// <summary>The trace that the build belongs to, where deliveries are traced (W3C Trace Context, <c>traceparent</c>).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Trace { get; init; }

    private bool IsWellFormed =>
        Enum.IsDefined(Purpose) && PullRequest > 0 && GitHubNames.IsRepository(Repository) && GitHubNames.IsCommit(Commit);

    public string ToJson() => JsonSerializer.Serialize(this, Readable.BuildRequest);

    /// <exception cref="UnreadableMessageException">It is not a message of ours, or of a version we do not know.</exception>
    public static BuildRequest Parse(string text)
    {
        try
        {
            var request = JsonSerializer.Deserialize(text, QueueJson.Default.BuildRequest)
                ?? throw new UnreadableMessageException("The message is JSON null, not a build request.");
            return request.Version != CurrentVersion
                ? throw new UnreadableMessageException(
                    $"The message has version {request.Version}; this program reads version {CurrentVersion}.")
                : request.IsWellFormed ? request
                : throw new UnreadableMessageException(
                    "The message is no build request: its purpose, repository, pull request or commit is none.");
        }
        catch (JsonException e)
        {
            throw new UnreadableMessageException(
                $"The message is no build request: {(e.Message.Length > 300 ? e.Message[..300] : e.Message)}", e);
        }
    }
}

/// <summary>A message that no retry can make readable; the poison queue keeps it.</summary>
internal sealed class UnreadableMessageException(string message, Exception? inner = null) : Exception(message, inner);

[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(BuildRequest))]
internal sealed partial class QueueJson : JsonSerializerContext;
