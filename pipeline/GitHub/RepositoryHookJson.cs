using System.Text.Json.Serialization;

namespace Ci.Pipeline.GitHub;

/// <summary>A repository's webhook, as GitHub lists it.</summary>
internal sealed record Hook(long Id, HookTarget? Config);

/// <summary>Where GitHub delivers to, the one thing of a listed webhook's configuration that is read.</summary>
internal sealed record HookTarget(string? Url);

/// <summary>Where and how GitHub is to deliver.</summary>
internal sealed record HookConfig(string Url, string ContentType, string Secret, string InsecureSsl)
{
    /// <summary>Only the address: a record prints all its members, and this one holds the secret.</summary>
    public override string ToString() => Url;
}

/// <summary>What is sent to create or change a webhook.</summary>
internal sealed record HookChange(string Name, bool Active, IReadOnlyList<string> Events, HookConfig Config);

/// <summary>One entry of GitHub's <i>Recent deliveries</i>.</summary>
internal sealed record HookDelivery(long Id, string? Event, int StatusCode, string? Status);

/// <summary>GitHub's refusal in words.</summary>
internal sealed record GitHubError(string? Message);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(List<Hook>))]
[JsonSerializable(typeof(HookChange))]
[JsonSerializable(typeof(List<HookDelivery>))]
[JsonSerializable(typeof(GitHubError))]
internal sealed partial class RepositoryHookJson : JsonSerializerContext;
