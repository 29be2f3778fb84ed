using Ci.Pipeline.Source.Dockerfile;

namespace Ci.Tests.Source;

/// <summary>Which images a Dockerfile takes from outside; of what is not certain nothing is said.</summary>
public sealed class DockerfileBasesTests
{
    [Theory]
    [InlineData("FROM alpine", "alpine")]
    [InlineData("from alpine:3 as one\nFROM scratch", "alpine:3")]
    [InlineData("FROM a AS one\nFROM ONE\nFROM b", "a b")]
    [InlineData("FROM --platform=$BUILDPLATFORM golang:1 AS build\nFROM scratch\nCOPY --from=build /a /a\nCOPY --from=0 /b /b", "golang:1")]
    [InlineData("FROM a\nCOPY --chown=1:1 --from=tools:2 /x /x", "a tools:2")]
    [InlineData("FROM a\nRUN --mount=type=bind,from=tools,target=/t --mount=type=cache,target=/c /t/x", "a tools")]
    [InlineData("ARG V=3\nARG IMAGE=alpine:${V}\nFROM ${IMAGE}", "alpine:3")]
    [InlineData("ARG V='3' W=\"4\"\nFROM a:$V\nFROM a:${W}", "a:3 a:4")]
    [InlineData("ARG V\nFROM a:${V:-latest}", "a:latest")]
    [InlineData("ARG GIVEN=1\nFROM a:$GIVEN", "a:2")]
    [InlineData("# syntax=docker/dockerfile:1.7\nFROM a", "a")]
    [InlineData("FROM a\nRUN <<EOF\nFROM b\nEOF", "a")]
    [InlineData("FROM a\nARG V=1\nRUN echo $V\nADD here.tar /there", "a")]
    [InlineData("FROM \\\n  a \\\n  AS b", "a")]
    public void The_images_are_found(string dockerfile, string images) =>
        Assert.Equal(images.Split(' '), DockerfileBases.Find(dockerfile, new Dictionary<string, string> { ["GIVEN"] = "2" }));

    [Theory]
    [InlineData("FROM $NOWHERE")]
    [InlineData("ARG V\nFROM a:${V:+x}")]
    [InlineData("FROM a:${TARGETARCH}")]
    [InlineData("FROM \"a\"")]
    [InlineData("FROM a b")]
    [InlineData("FROM a\nADD https://example.com/file /file")]
    [InlineData("FROM a\nADD git@example.com:a/b.git /b")]
    [InlineData("FROM a\nARG URL\nADD $URL /file")]
    [InlineData("FROM a\nCOPY --from=$STAGE /x /x")]
    [InlineData("FROM a\nCOPY --from=3 /x /x")]
    [InlineData("# syntax=somebody/else\nFROM a")]
    [InlineData("# check=skip=all\n# syntax = docker/dockerfile-upstream\nFROM a")]
    [InlineData("FROM a\nRUN <<EOF\nno end")]
    public void Of_what_is_not_certain_nothing_is_said(string dockerfile) =>
        Assert.Null(DockerfileBases.Find(dockerfile, new Dictionary<string, string>()));

    [Fact]
    public void Every_image_of_a_generated_Dockerfile_is_found()
    {
        var random = new Random(20261123);
        for (var i = 0; i < 500; i++)
        {
            var (dockerfile, images) = Generate(random);

            Assert.Equal(images.Order(StringComparer.Ordinal), DockerfileBases.Find(dockerfile, new Dictionary<string, string>()));
        }
    }

    private static (string Dockerfile, HashSet<string> Images) Generate(Random random)
    {
        var text = new System.Text.StringBuilder("ARG TAG=7\n");
        var images = new HashSet<string>();
        var stages = random.Next(1, 6);
        for (var stage = 0; stage < stages; stage++)
        {
            var image = $"base{random.Next(9)}";
            switch (random.Next(4))
            {
                case 0 when stage > 0:
                    text.Append($"FROM stage{random.Next(stage)} AS stage{stage}\n");
                    break;
                case 1:
                    images.Add(image + ":7");
                    text.Append($"FROM --platform=linux/amd64 {image}:${{TAG}} as stage{stage}\n");
                    break;
                default:
                    images.Add(image);
                    text.Append($"from \\\n # a comment\n {image} As Stage{stage}\n");
                    break;
            }

            if (random.Next(2) == 0)
            {
                var other = $"tool{random.Next(9)}";
                images.Add(other);
                text.Append(random.Next(2) == 0 ? $"COPY --from={other} /a /b\n" : $"RUN --mount=from={other},target=/t /t/run\n");
            }
        }

        return (text.ToString(), images);
    }
}
