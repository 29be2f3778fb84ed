using System.Text;
using Ci.Pipeline.Builds;

namespace Ci.Tests.Builds;

public sealed class BuildRequestTests
{
    private static readonly BuildRequest Request = new()
    {
        BuildId = "abcdefghijklmnopqrstuvwxyz",
        Purpose = BuildPurpose.Merge,
        Repository = "owner/repo",
        PullRequest = 12,
        Commit = new string('a', 40),
        Title = "Füge \"Tür\" hinzu <b>",
        Url = "https://github.com/owner/repo/pull/12",
        Author = "someone",
        HeadRef = "feature/door",
        BaseRef = "main",
        UpdatedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        Delivery = "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        QueuedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 6, TimeSpan.Zero),
    };

    [Fact]
    public void What_is_written_is_read_back() => Assert.Equal(Request, BuildRequest.Parse(Request.ToJson()));

    [Fact]
    public void A_person_can_read_it()
    {
        var json = Request.ToJson();

        Assert.Contains("\"version\": 1", json, StringComparison.Ordinal);
        Assert.Contains("\"purpose\": \"merge\"", json, StringComparison.Ordinal);
        Assert.Contains("\"pullRequest\": 12", json, StringComparison.Ordinal);
        Assert.Contains("Füge", json, StringComparison.Ordinal);
    }

    [Fact]
    public void The_largest_one_fits_a_queue_message()
    {
        var largest = Request with { Title = new string('ü', 200), HeadRef = new string('x', 255), BaseRef = new string('y', 255) };

        Assert.InRange(Encoding.UTF8.GetByteCount(largest.ToJson()), 1, 8 * 1024);
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    public void Something_else_is_unreadable(string text) =>
        Assert.Throws<UnreadableMessageException>(() => BuildRequest.Parse(text));

    [Theory]
    [InlineData("\"title\": \"", "\"title\": null, \"x\": \"")]
    [InlineData("\"owner/repo\"", "\"../repo\"")]
    [InlineData("\"owner/repo\"", "\"owner/..\"")]
    [InlineData("\"aaaa", "\"/aaa")]
    [InlineData("\"pullRequest\": 12", "\"pullRequest\": 0")]
    [InlineData("\"merge\"", "99")]
    public void A_message_with_a_value_that_cannot_be_is_unreadable(string text, string other)
    {
        Assert.Contains(text, Request.ToJson(), StringComparison.Ordinal);
        Assert.Throws<UnreadableMessageException>(() => BuildRequest.Parse(Request.ToJson().Replace(text, other, StringComparison.Ordinal)));
    }

    [Fact]
    public void Another_version_is_unreadable_and_named()
    {
        var e = Assert.Throws<UnreadableMessageException>(
            () => BuildRequest.Parse((Request with { Version = 2 }).ToJson()));

        Assert.Contains("version 2", e.Message, StringComparison.Ordinal);
    }
}
