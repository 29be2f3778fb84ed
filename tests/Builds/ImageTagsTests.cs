using Ci.Pipeline.Builds;

namespace Ci.Tests.Builds;

public sealed class ImageTagsTests
{
    [Fact]
    public void A_pull_request_moves_its_own_tag() =>
        Assert.Equal(["pr-12"], ImageTags.Moving(Request(BuildPurpose.PullRequest), "0.2.0"));

    [Fact]
    public void A_merge_moves_the_version_and_latest() =>
        Assert.Equal(["0.2.0", "latest"], ImageTags.Moving(Request(BuildPurpose.Merge), "0.2.0"));

    [Fact]
    public void A_version_called_latest_is_one_tag() =>
        Assert.Equal(["latest"], ImageTags.Moving(Request(BuildPurpose.Merge), "latest"));

    [Fact]
    public void A_commit_has_a_tag_of_twelve_digits() =>
        Assert.Equal("sha-0123456789ab", ImageTags.OfCommit("0123456789abcdef0123456789abcdef01234567"));

    [Fact]
    public void Labels_tell_where_an_image_comes_from()
    {
        var labels = ImageTags.Labels(Request(BuildPurpose.PullRequest), "0.2.0", new Dictionary<string, string> { ["team"] = "blue" });

        Assert.Equal("https://github.com/owner/repo", labels["org.opencontainers.image.source"]);
        Assert.Equal("https://github.com/owner/repo/pull/12", labels["org.opencontainers.image.url"]);
        Assert.Equal("0123456789abcdef0123456789abcdef01234567", labels["org.opencontainers.image.revision"]);
        Assert.Equal("0.2.0", labels["org.opencontainers.image.version"]);
        Assert.Equal("2026-01-02T03:04:05Z", labels["org.opencontainers.image.created"]);
        Assert.Equal("owner/repo", labels["org.opencontainers.image.title"]);
        Assert.Equal("12", labels["ci.pull-request"]);
        Assert.Equal("blue", labels["team"]);
    }

    private static BuildRequest Request(BuildPurpose purpose) => new()
    {
        BuildId = "abcdefghijklmnopqrstuvwxyz",
        Purpose = purpose,
        Repository = "owner/repo",
        PullRequest = 12,
        Commit = "0123456789abcdef0123456789abcdef01234567",
        Title = "A change",
        Url = "https://github.com/owner/repo/pull/12",
        Author = "someone",
        HeadRef = "feature",
        BaseRef = "main",
        UpdatedAt = new DateTimeOffset(2026, 1, 2, 4, 4, 5, TimeSpan.FromHours(1)),
        Delivery = "",
        QueuedAt = DateTimeOffset.UnixEpoch,
    };
}
