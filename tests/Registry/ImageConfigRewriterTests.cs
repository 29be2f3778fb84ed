using System.Text;
using System.Text.Json.Nodes;
using Ci.Pipeline.Registry;

namespace Ci.Tests.Registry;

/// <summary>What is set in an image's configuration after the push.</summary>
public sealed class ImageConfigRewriterTests
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

        var dated = ImageConfigRewriter.Stamped(Encoding.UTF8.GetBytes($$"""{"created":"2026-11-23T23:40:47Z",{{rest}}}"""), new ImageStamp { Date = Commit });

        Assert.Equal($$"""{"created":"2026-01-02T03:04:05Z",{{rest}}}""", Encoding.UTF8.GetString(dated));
    }

    [Fact]
    public void Labels_go_before_the_Dockerfiles_and_stand_in_order() => Assert.Equal(
        """{"config":{"Labels":{"a":"ours","b":"theirs","ü":"<&>"},"Cmd":null}}""",
        Labelled("""{"config":{"Labels":{"b":"theirs","a":"theirs"},"Cmd":null}}""", ("ü", "<&>"), ("a", "ours")));

    [Theory]
    [InlineData("""{"config":{"Labels":null}}""")]
    [InlineData("""{"config":{}}""")]
    [InlineData("""{"config":null}""")]
    [InlineData("{}")]
    public void An_image_without_labels_gets_them_too(string configuration) =>
        Assert.Equal("""{"config":{"Labels":{"a":"b"}}}""", Labelled(configuration, ("a", "b")));

    [Fact]
    public void What_the_classic_builder_notes_of_its_containers_goes() => Assert.Equal(
        """{"config":{"Image":"","Cmd":["x"]},"created":"2026-01-02T03:04:05Z","docker_version":"20.10.24"}""",
        Encoding.UTF8.GetString(ImageConfigRewriter.Stamped(
            """{"config":{"Image":"sha256:1","Cmd":["x"]},"container":"2","container_config":{"Hostname":"3"},"created":"2026-11-23T23:40:47Z","docker_version":"20.10.24"}"""u8.ToArray(),
            new ImageStamp { Date = Commit })));

    private static string Labelled(string configuration, params (string Name, string Value)[] labels) => Encoding.UTF8.GetString(
        ImageConfigRewriter.Stamped(Encoding.UTF8.GetBytes(configuration), new ImageStamp { Labels = labels.ToDictionary(label => label.Name, label => label.Value) }));

    private static IEnumerable<string> Times(string configuration)
    {
        var dated = JsonNode.Parse(ImageConfigRewriter.Stamped(Encoding.UTF8.GetBytes(configuration), new ImageStamp { Date = Commit }))!;
        return dated["history"]!.AsArray().Select(step => (string)step!["created"]!).Prepend((string)dated["created"]!);
    }
}
