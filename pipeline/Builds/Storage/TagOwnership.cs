using System.Text.Json;
using Azure;
using Azure.Data.Tables;

namespace Ci.Pipeline.Builds.Storage;

/// <summary>Which build a moving tag belongs to, and who is moving it.</summary>
public sealed record TagOwner
{
    /// <summary>The image's name.</summary>
    public required string Image { get; init; }

    /// <summary>The tag.</summary>
    public required string Tag { get; init; }

    /// <summary>The build whose image it points to, or is about to.</summary>
    public required string BuildId { get; init; }

    /// <summary>The repository that the build is of.</summary>
    public required string Repository { get; init; }

    /// <summary>The pull request that the build is of.</summary>
    public required int PullRequest { get; init; }

    /// <summary>When that pull request changed to what was built: of two builds the later one has the tag.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Who is moving it.</summary>
    public string? Owner { get; init; }

    /// <summary>Until when the mover may be moving it.</summary>
    public DateTimeOffset? OwnedUntil { get; init; }
}

/// <summary>
/// Sees to it that a moving tag ends at the newest build, whichever of two builds ends last: a tag is claimed before it is
/// moved, one build at a time, and a build that is older than the tag's leaves it alone.
/// </summary>
public sealed class TagOwnership(BuildsTable table, TimeProvider time)
{
    /// <summary>How long a claim holds without an answer: several times what writing a manifest takes.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(15);

    private const string Prefix = "tag-";

    /// <summary>Claims one tag of an image for a build; null when it belongs to a newer build. Waits while another is moving it.</summary>
    public async Task<TagOwner?> ClaimAsync(Build build, string image, string tag, string owner, CancellationToken cancellationToken)
    {
        while (true)
        {
            var row = await table.FindAsync(Key(image, tag), cancellationToken);
            var held = row is null ? null : Read(row);
            if (held is not null && held.BuildId != build.Id && IsNewer(held, build.Request))
            {
                return null;
            }

            if (held?.Owner is not null && held.Owner != owner && held.OwnedUntil >= time.GetUtcNow())
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), time, cancellationToken);
                continue;
            }

            var claim = new TagOwner
            {
                Image = image,
                Tag = tag,
                BuildId = build.Id,
                Repository = build.Request.Repository,
                PullRequest = build.Request.PullRequest,
                UpdatedAt = build.Request.UpdatedAt,
                Owner = owner,
                OwnedUntil = time.GetUtcNow() + Length,
            };
            if (await table.TryWriteAsync([Write(claim, row?.ETag)], cancellationToken))
            {
                return claim;
            }
        }
    }

    /// <summary>The tag is moved: others may claim it.</summary>
    public async Task ReleaseAsync(TagOwner claim, CancellationToken cancellationToken)
    {
        if (await OwnRowAsync(claim, cancellationToken) is { } row)
        {
            await table.TryWriteAsync([Write(claim with { Owner = null, OwnedUntil = null }, row.ETag)], cancellationToken);
        }
    }

    /// <summary>The tag is gone from the registry: so is what is known of it.</summary>
    public async Task ForgetAsync(TagOwner claim, CancellationToken cancellationToken)
    {
        if (await OwnRowAsync(claim, cancellationToken) is { } row)
        {
            await table.TryWriteAsync([new TableTransactionAction(TableTransactionActionType.Delete, row, row.ETag)], cancellationToken);
        }
    }

    /// <summary>The images that have a tag by a pull request's builds.</summary>
    public async Task<IReadOnlyList<string>> ImagesWithAsync(Build build, string tag, CancellationToken cancellationToken)
    {
        var repository = build.Request.Repository.Replace("'", "''", StringComparison.Ordinal);
        var rows = await table.QueryAsync(
            $"{BuildRow.StartingWith(Prefix)} and Tag eq '{tag}' and Repository eq '{repository}'", int.MaxValue, cancellationToken);
        return [.. rows.Select(row => Read(row).Image)];
    }

    /// <summary>
    /// GitHub's times are whole seconds: of two pull requests that changed within one, the higher number counts as the
    /// later, so that every order of work ends alike.
    /// </summary>
    private static bool IsNewer(TagOwner held, BuildRequest other) =>
        (held.UpdatedAt, held.PullRequest).CompareTo((other.UpdatedAt, other.PullRequest)) > 0;

    private static string Key(string image, string tag) => $"{Prefix}{image.Replace('/', '|')}|{tag}";

    private static TagOwner Read(TableEntity row) =>
        JsonSerializer.Deserialize(row.GetString("Record"), RecordJson.Default.TagOwner)
        ?? throw new InvalidOperationException($"Row {row.RowKey} of table {BuildStore.TableName} has no record.");

    private static TableTransactionAction Write(TagOwner claim, ETag? etag)
    {
        var row = new TableEntity(BuildRow.Partition, Key(claim.Image, claim.Tag))
        {
            ["Repository"] = claim.Repository,
            ["PullRequest"] = claim.PullRequest,
            ["Image"] = claim.Image,
            ["Tag"] = claim.Tag,
            ["Record"] = JsonSerializer.Serialize(claim, RecordJson.Default.TagOwner),
        };
        return BuildsTable.Put(row, etag);
    }

    private async Task<TableEntity?> OwnRowAsync(TagOwner claim, CancellationToken cancellationToken) =>
        await table.FindAsync(Key(claim.Image, claim.Tag), cancellationToken) is { } row && Read(row).Owner == claim.Owner ? row : null;
}
