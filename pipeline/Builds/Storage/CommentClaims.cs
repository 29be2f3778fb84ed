using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Azure.Data.Tables;

namespace Ci.Pipeline.Builds.Storage;

/// <summary>A pull request's comment, and who is writing it.</summary>
/// <param name="Id">Its id at GitHub; null while nobody knows of one.</param>
/// <param name="Author">The account that it was written with; null while nobody knows.</param>
/// <param name="Owner">Who is writing it now.</param>
/// <param name="OwnedUntil">Until when that one may be.</param>
public sealed record CommentClaim(long? Id = null, string? Author = null, string? Owner = null, DateTimeOffset? OwnedUntil = null);

/// <summary>Sees to it that of several hosts one writes a pull request's comment, and that they all know which it is.</summary>
public sealed class CommentClaims(BuildsTable table, TimeProvider time)
{
    /// <summary>How long a claim holds: several times what writing a comment takes.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(60);

    /// <summary>Claims a pull request's comment; null while another is writing it.</summary>
    public async Task<CommentClaim?> ClaimAsync(BuildRequest request, CancellationToken cancellationToken)
    {
        var row = await table.FindAsync(Key(request), cancellationToken);
        var known = row is null ? new CommentClaim() : Read(row);
        if (known.Owner is not null && known.OwnedUntil >= time.GetUtcNow())
        {
            return null;
        }

        var claim = known with { Owner = Guid.NewGuid().ToString("n"), OwnedUntil = time.GetUtcNow() + Length };
        return await table.TryWriteAsync([BuildsTable.Put(Row(request, claim), row?.ETag)], cancellationToken) ? claim : null;
    }

    /// <summary>Lets go of it, and notes what is known of it.</summary>
    public async Task ReleaseAsync(BuildRequest request, CommentClaim claim, CancellationToken cancellationToken)
    {
        if (await table.FindAsync(Key(request), cancellationToken) is { } row && Read(row).Owner == claim.Owner)
        {
            await table.TryWriteAsync([BuildsTable.Put(Row(request, claim with { Owner = null, OwnedUntil = null }), row.ETag)], cancellationToken);
        }
    }

    private static string Key(BuildRequest request) => string.Create(
        CultureInfo.InvariantCulture, $"comment-{request.Repository.ToLowerInvariant().Replace('/', '|')}|{request.PullRequest}");

    private static CommentClaim Read(TableEntity row) => JsonSerializer.Deserialize(row.GetString("Record"), CommentClaimJson.Default.CommentClaim) ?? new CommentClaim();

    private static TableEntity Row(BuildRequest request, CommentClaim claim) => new(BuildRow.Partition, Key(request))
    {
        ["Repository"] = request.Repository,
        ["PullRequest"] = request.PullRequest,
        ["Record"] = JsonSerializer.Serialize(claim, CommentClaimJson.Default.CommentClaim),
    };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CommentClaim))]
internal sealed partial class CommentClaimJson : JsonSerializerContext;
