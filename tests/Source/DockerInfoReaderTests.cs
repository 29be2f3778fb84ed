using System.Text;
using Ci.Pipeline.Source.DockerInfo;
using CsCheck;

namespace Ci.Tests.Source;

public sealed class DockerInfoReaderTests
{
    private const string JsonLike = "{}[]\":,service_nmvro0.1 \\u";
    private static readonly string[] PathParts = ["..", ".", "", "a", "b"];

    [Fact]
    public void The_two_key_file_means_the_whole_repository_and_its_Dockerfile()
    {
        var image = Assert.Single(Valid("""{ "service_name": "python_alphine", "version": "0.2.0" }""").Images);

        Assert.Equal(("python_alphine", "0.2.0", "", "Dockerfile"), (image.Name, image.Version, image.Context, image.DockerfilePath));
    }

    [Fact]
    public void Every_key_is_read()
    {
        var image = Assert.Single(Valid("""
            { "$schema": "x", "service_name": "a/b", "version": "1", "context": "./api/", "dockerfile": "docker/../api/Dockerfile.prod",
              "target": "final", "args": { "A": "1" }, "labels": { "l": "2" }, "platform": "linux/arm64", "paths": ["api/**"] }
            """).Images);

        Assert.Equal(("api", "api/Dockerfile.prod", "Dockerfile.prod"), (image.Context, image.DockerfilePath, image.DockerfileInContext));
        Assert.Equal(("final", "linux/arm64", "1", "2"), (image.Target, image.Platform, image.Args["A"], image.Labels["l"]));
        Assert.Equal(["api/**"], image.Paths);
    }

    [Theory]
    [InlineData("""[ { "service_name": "a", "version": "1" }, { "service_name": "b", "version": "2" } ]""")]
    [InlineData("""{ "images": [ { "service_name": "a", "version": "1" }, { "service_name": "b", "version": "2" } ] }""")]
    [InlineData("\uFEFF[ { \"service_name\": \"a\", \"version\": \"1\" }, { \"service_name\": \"b\", \"version\": \"2\" } ]")]
    public void Several_images_are_an_array_plain_or_wrapped(string json) =>
        Assert.Equal(["a", "b"], Valid(json).Images.Select(i => i.Name));

    [Fact]
    public void The_default_Dockerfile_is_the_contexts() =>
        Assert.Equal("api/Dockerfile", Valid("""{ "service_name": "a", "version": "1", "context": "api" }""").Images[0].DockerfilePath);

    [Fact]
    public void An_unknown_key_is_a_warning_that_guesses_what_was_meant()
    {
        var info = Valid("""{ "service_name": "a", "version": "1", "Target": "x", "colour": 1 }""");

        Assert.Contains(info.Warnings, w => w.Contains("'Target'", StringComparison.Ordinal) && w.Contains("'target'", StringComparison.Ordinal));
        Assert.Contains(info.Warnings, w => w.Contains("'colour'", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", "JSON")]
    [InlineData("[]", "0 images")]
    [InlineData("5", "5")]
    [InlineData("""{ "version": "1" }""", "service_name is missing")]
    [InlineData("""{ "service_name": "a", "service_name": "b", "version": "1" }""", "JSON")]
    [InlineData("""{ "service_name": "Api", "version": "1" }""", "\"api\" would do")]
    [InlineData("""{ "service_name": "a", "version": ".1" }""", "version is \".1\"")]
    [InlineData("""{ "service_name": "a", "version": 1 }""", "version is 1")]
    [InlineData("""{ "service_name": "a", "version": "1", "context": "../x" }""", "context is \"../x\"")]
    [InlineData("""{ "service_name": "a", "version": "1", "context": "a/../../x" }""", "context")]
    [InlineData("""{ "service_name": "a", "version": "1", "dockerfile": "C:\\x" }""", "dockerfile")]
    [InlineData("""{ "service_name": "a", "version": "1", "dockerfile": "." }""", "dockerfile")]
    [InlineData("""{ "service_name": "a", "version": "1", "args": { "A": 1 } }""", "args.A is 1")]
    [InlineData("""{ "service_name": "a", "version": "1", "args": [] }""", "args is []")]
    [InlineData("""{ "service_name": "a", "version": "1", "paths": "x" }""", "paths")]
    [InlineData("""[ { "service_name": "a", "version": "1" }, { "service_name": "b", "version": "!" } ]""", "[1].version")]
    [InlineData("""[ { "service_name": "a", "version": "1" }, { "service_name": "a", "version": "2" } ]""", "two images")]
    public void What_is_wrong_is_named(string json, string words) =>
        Assert.Contains(words, Assert.IsType<DockerInfoResult.Invalid>(Read(json)).Problem, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{ "service_name": "\ud800", "version": "1" }""", "surrogate")]
    [InlineData("""{ "service_name": "a", "version": "1", "\ud800": 1 }""", "surrogate")]
    [InlineData("""{ "service_name": "a", "version": "1", "paths": ["\udc00"] }""", "surrogate")]
    public void Half_a_character_is_refused(string json, string words) =>
        Assert.Contains(words, Assert.IsType<DockerInfoResult.Invalid>(Read(json)).Problem, StringComparison.Ordinal);

    [Fact]
    public void What_it_says_stays_short_however_long_the_file_is()
    {
        var token = Assert.IsType<DockerInfoResult.Invalid>(Read($$"""{ "service_name": tru{{new string('x', 100_000)}}, "version": "1" }"""));
        var unknown = Valid($$"""{ "service_name": "a", "version": "1", {{string.Join(',', Enumerable.Range(0, 1_000).Select(i => $"\"{new string('k', 500)}{i}\":1"))}} }""");
        var globs = Assert.IsType<DockerInfoResult.Invalid>(Read($$"""{ "service_name": "a", "version": "1", "paths": [{{string.Join(',', Enumerable.Repeat("\"**\"", 201))}}] }"""));

        Assert.InRange(token.Problem.Length, 1, 400);
        Assert.InRange(unknown.Warnings.Sum(warning => warning.Length), 1, 5_000);
        Assert.Contains("at most 200", globs.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void No_bytes_make_it_throw() =>
        Gen.OneOf(Gen.Byte.Array[0, 200], Gen.Int[0, JsonLike.Length - 1].Select(i => (byte)JsonLike[i]).Array[0, 100])
            .Sample(bytes => Assert.NotNull(DockerInfoReader.Read(bytes)), iter: 5_000);

    [Fact]
    public void A_path_never_leaves_the_repository() =>
        Gen.Int[0, 4].Select(i => PathParts[i]).Array[1, 6].Sample(
            parts =>
            {
                var path = string.Join('/', parts);
                if (path.Length > 0 && Read($$"""{ "service_name": "a", "version": "1", "context": "{{path}}" }""") is DockerInfoResult.Valid valid)
                {
                    Assert.DoesNotContain("..", valid.Info.Images[0].Context.Split('/'));
                    Assert.Equal(Path.GetFullPath(path, "/somewhere").TrimEnd('/'), ("/somewhere/" + valid.Info.Images[0].Context).TrimEnd('/'));
                }
            },
            iter: 2_000);

    private static DockerInfoFile Valid(string json) => Assert.IsType<DockerInfoResult.Valid>(Read(json)).Info;

    private static DockerInfoResult Read(string json) => DockerInfoReader.Read(Encoding.UTF8.GetBytes(json));
}
