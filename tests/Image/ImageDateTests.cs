using System.Text;
using System.Text.Json.Nodes;
using Ci.Pipeline.Image;

namespace Ci.Tests.Image;

/// <summary>The times in an image's configuration.</summary>
public sealed class ImageDateTests
{
    private static readonly DateTimeOffset Commit = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void Nothing_is_later_than_the_commit_and_what_the_base_has_stays() => Assert.Equal(
        ["2026-01-02T03:04:05Z", "2020-01-01T00:00:00Z", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"],
        Times("""{"created":"2026-11-23T23:40:47.284235465Z","history":[{"created":"2020-01-01T00:00:00Z"},{"created":"2026-11-23T23:40:47.2Z"},{"comment":"buildkit"}]}"""));

    [Fact]
    public void All_else_stays_as_it_is()
    {
        const string rest = "\"config\":{\"Cmd\":[\"<a> & 'b'\"],\"Labels\":{\"ü\":\"+\"}},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:1\"]},\"moby.buildkit.cache.v0\":\"eyJ9\"";

        var dated = ImageDate.Dated(Encoding.UTF8.GetBytes($$"""{"created":"2026-11-23T23:40:47Z",{{rest}}}"""), Commit);

        Assert.Equal($$"""{"created":"2026-01-02T03:04:05Z",{{rest}}}""", Encoding.UTF8.GetString(dated));
    }

    private static IEnumerable<string> Times(string configuration)
    {
        var dated = JsonNode.Parse(ImageDate.Dated(Encoding.UTF8.GetBytes(configuration), Commit))!;
        return dated["history"]!.AsArray().Select(step => (string)step!["created"]!).Prepend((string)dated["created"]!);
    }
}
