using System.Text.Json.Serialization;
using Azure.Data.Tables;

namespace Ci.Pipeline.Builds.Storage;

/// <summary>A pull request's comment, and who is writing it.</summary>
/// <param name="Id">Its id at GitHub; null while nobody knows of one.</param>
/// <param name="Author">The account that it was written with; null while nobody knows.</param>
public sealed record CommentClaim(long? Id = null, string? Author = null) : Leased;

/// <summary>Sees to it that of several hosts one writes a pull request's comment, and that they all know which it is.</summary>
public sealed class CommentClaims(BuildsTable table, TimeProvider time)
{
    private readonly RowLease<CommentClaim> _leases = new(table, CommentClaimJson.Default.CommentClaim, TimeSpan.FromSeconds(60), time);

    public Task<CommentClaim?> ClaimAsync(BuildRequest request, CancellationToken cancellationToken) => _leases.TakeAsync(
        new TableEntity(BuildRow.Partition, Key(request)) { ["Repository"] = request.Repository, ["PullRequest"] = request.PullRequest },
        Leased.NewOwner(),
        known => known ?? new CommentClaim(),
        waits: false,
        cancellationToken);

    public Task ReleaseAsync(BuildRequest request, CommentClaim claim, CancellationToken cancellationToken) =>
        _leases.ReleaseAsync(Key(request), claim, cancellationToken);

    private static string Key(BuildRequest request) => "comment-" + BuildRow.PullRequestKey(request.Repository, request.PullRequest);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CommentClaim))]
internal sealed partial class CommentClaimJson : JsonSerializerContext;
