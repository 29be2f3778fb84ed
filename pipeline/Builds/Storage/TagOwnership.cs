using Azure.Data.Tables;

namespace Ci.Pipeline.Builds.Storage;

public sealed record TagOwner : Leased
{
    public required string Image { get; init; }

    public required string Tag { get; init; }

    public required string BuildId { get; init; }

    public required string Repository { get; init; }

    public required int PullRequest { get; init; }

    /// <summary>When that pull request changed to what was built: of two builds the later one has the tag.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>Sees to it that a moving tag ends at the newest build, whichever of two builds ends last: a tag is claimed before it is
/// moved, one build at a time, and a build that is older than the tag's leaves it alone.</summary>
public sealed class TagOwnership(BuildsTable table, TimeProvider time)
{
    /// <summary>How long a claim holds without an answer: several times what writing a manifest takes.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(15);

    private const string Prefix = "tag-";

    private readonly RowLease<TagOwner> _leases = new(table, RecordJson.Default.TagOwner, Length, time);

    /// <summary>Claims one tag of an image for a build; null when it belongs to a newer build. Waits while another moves it.</summary>
    public Task<TagOwner?> ClaimAsync(Build build, string image, string tag, string owner, CancellationToken cancellationToken)
    {
        var request = build.Request;
        var row = new TableEntity(BuildRow.Partition, Key(image, tag))
        {
            ["Repository"] = request.Repository,
            ["PullRequest"] = request.PullRequest,
            ["Image"] = image,
            ["Tag"] = tag,
        };
        var claim = new TagOwner
        {
            Image = image,
            Tag = tag,
            BuildId = build.Id,
            Repository = request.Repository,
            PullRequest = request.PullRequest,
            UpdatedAt = request.UpdatedAt,
        };
        return _leases.TakeAsync(
            row,
            owner,
            held => held is not null && held.BuildId != build.Id && IsNewer(held, request) ? null : claim,
            waits: true,
            cancellationToken);
    }

    public Task ReleaseAsync(TagOwner claim, CancellationToken cancellationToken) =>
        _leases.ReleaseAsync(Key(claim.Image, claim.Tag), claim, cancellationToken);

    public Task ForgetAsync(TagOwner claim, CancellationToken cancellationToken) =>
        _leases.DeleteAsync(Key(claim.Image, claim.Tag), claim, cancellationToken);

    public async Task<IReadOnlyList<string>> ImagesWithAsync(Build build, string tag, CancellationToken cancellationToken)
    {
        var repository = build.Request.Repository.Replace("'", "''", StringComparison.Ordinal);
        var rows = await table.QueryAsync(
            $"{BuildRow.StartingWith(Prefix)} and Tag eq '{tag}' and Repository eq '{repository}'", int.MaxValue, cancellationToken);
        return [.. rows.Select(row => _leases.Read(row).Image)];
    }

    /// <summary>GitHub's times are whole seconds: of two pull requests that changed within one, the higher number counts as the later,
    /// so that every order of work ends alike.</summary>
    private static bool IsNewer(TagOwner held, BuildRequest other) =>
        (held.UpdatedAt, held.PullRequest).CompareTo((other.UpdatedAt, other.PullRequest)) > 0;

    private static string Key(string image, string tag) => $"{Prefix}{image.Replace('/', '|')}|{tag}";
}
