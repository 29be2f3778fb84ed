using System.Text.Json.Serialization;

namespace Ci.Pipeline.GitHub;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(PullRequestEvent))]
[JsonSerializable(typeof(IssueCommentEvent))]
[JsonSerializable(typeof(GitHubError))]
[JsonSerializable(typeof(AppClaims))]
[JsonSerializable(typeof(Installation))]
[JsonSerializable(typeof(NewToken))]
[JsonSerializable(typeof(InstallationToken))]
[JsonSerializable(typeof(RateLimitAnswer))]
[JsonSerializable(typeof(CollaboratorPermission))]
[JsonSerializable(typeof(List<ChangedFile>))]
[JsonSerializable(typeof(GitHubTree))]
[JsonSerializable(typeof(GitCommit))]
[JsonSerializable(typeof(NewStatus))]
[JsonSerializable(typeof(CheckRun))]
[JsonSerializable(typeof(CheckRunList))]
[JsonSerializable(typeof(List<IssueComment>))]
[JsonSerializable(typeof(NewComment))]
[JsonSerializable(typeof(List<Hook>))]
[JsonSerializable(typeof(HookChange))]
[JsonSerializable(typeof(List<HookDelivery>))]
internal sealed partial class GitHubJson : JsonSerializerContext;
