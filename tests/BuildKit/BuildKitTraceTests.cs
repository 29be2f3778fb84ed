using System.Text;
using Ci.BuildKit;
using Ci.BuildKit.Protos;
using Ci.Pipeline.Docker.BuildKit;
using Ci.Pipeline.Text;
using Ci.Tests.Fixtures;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Ci.Tests.BuildKit;

/// <summary>What is read out of BuildKit's trace, and how it is written for people.</summary>
public sealed class BuildKitTraceTests
{
    private static readonly DateTime Noon = new(2026, 1, 2, 12, 0, 0, DateTimeKind.Utc);

    [Fact]
    public void A_build_that_Engine_20_10_was_seen_to_send_reads_as_a_log()
    {
        var log = LogOf(File.ReadAllLines(Path.Combine(TestEnvironment.Root, "tests", "BuildKit", "failing-build.jsonl")));

        Assert.Equal(
            """
            Step build 1/3 : FROM docker.io/library/ci-test-base:1
             ---> done in 0.0 s
            Step build 2/3 : RUN echo hello; echo err >&2
            hello
            err
             ---> done in 0.2 s
            Step build 3/3 : COPY f /f
             ---> done in 0.0 s
            Step stage-1 1/2 : COPY --from=build /f /f
             ---> done in 0.0 s
            Step stage-1 2/2 : RUN ["/no"]
            runc run failed: unable to start container process: exec: "/no": stat /no: no such file or directory
             ---> ERROR: executor failed running [/no]: exit code: 1
            ERROR: executor failed running [/no]: exit code: 1

            """,
            log);
    }

    [Theory]
    [InlineData("[2/4] RUN make", null, 2, 4, "Step 2/4 : RUN make")]
    [InlineData("[ 2/11] RUN make", null, 2, 11, "Step 2/11 : RUN make")]
    [InlineData("[build  2/11] RUN make", "build", 2, 11, "Step build 2/11 : RUN make")]
    [InlineData("[linux/arm64 build 2/4] RUN [ 1/2 ]", "linux/arm64 build", 2, 4, "Step linux/arm64 build 2/4 : RUN [ 1/2 ]")]
    [InlineData("[3/4] RUN <<EOF\nmake\nEOF", null, 3, 4, "Step 3/4 : RUN <<EOF make EOF")]
    [InlineData("exporting to image", null, null, null, "exporting to image")]
    [InlineData("[internal] load build context", null, null, null, "load build context")]
    public void A_steps_name_tells_its_stage_and_number(string name, string? stage, int? number, int? total, string title)
    {
        var step = BuildKitEventTranslator.StepOf(new BuildKitStep("sha256:1", name));

        Assert.Equal((stage, number, total, title), (step.Stage, step.Number, step.Total, step.Title));
    }

    [Fact]
    public void Output_of_steps_that_run_side_by_side_stands_below_the_right_title()
    {
        var log = LogOf(
            Line(new StatusResponse { Vertexes = { Started("a", "[one 2/2] RUN a"), Started("b", "[two 2/2] RUN b") } }),
            Line(new StatusResponse { Logs = { Printed("b", "from b\n") } }),
            Line(new StatusResponse { Logs = { Printed("a", "from a\n"), Printed("a", "and more\n") } }),
            Line(new StatusResponse { Vertexes = { Ended("b", "[two 2/2] RUN b"), Ended("a", "[one 2/2] RUN a") } }));

        Assert.Equal(
            """
            Step one 2/2 : RUN a
            Step two 2/2 : RUN b
            from b
            Step one 2/2 …
            from a
            and more
            Step two 2/2 …
             ---> done in 2.5 s
            Step one 2/2 …
             ---> done in 2.5 s

            """,
            log);
    }

    [Fact]
    public void What_comes_in_one_piece_is_written_in_the_order_it_happened_in()
    {
        var next = Started("b", "[2/2] RUN b");
        next.Started = Timestamp.FromDateTime(Noon.AddSeconds(3));

        var log = LogOf(
            Line(new StatusResponse { Vertexes = { Started("a", "[1/2] RUN a") } }),
            Line(new StatusResponse { Vertexes = { next, Ended("a", "[1/2] RUN a") }, Logs = { Printed("a", "from a\n") } }));

        Assert.Equal("Step 1/2 : RUN a\nfrom a\n ---> done in 2.5 s\nStep 2/2 : RUN b\n", log);
    }

    [Fact]
    public void A_line_that_was_cut_within_a_character_comes_whole()
    {
        var bytes = Encoding.UTF8.GetBytes("größe\nrest");

        var log = LogOf(
            Line(new StatusResponse { Vertexes = { Started("a", "[1/1] RUN a") }, Logs = { Printed("a", bytes[..3]) } }),
            Line(new StatusResponse { Logs = { Printed("a", bytes[3..]) } }),
            Line(new StatusResponse { Vertexes = { Ended("a", "[1/1] RUN a") } }));

        Assert.Equal("Step 1/1 : RUN a\ngröße\nrest\n ---> done in 2.5 s\n", log);
    }

    [Fact]
    public void A_bar_that_was_drawn_over_itself_is_as_it_looked_last()
    {
        var log = LogOf(Line(new StatusResponse { Vertexes = { Started("a", "[1/1] RUN a") }, Logs = { Printed("a", " 10%\r 50%\r100%\r\n") } }));

        Assert.Equal("Step 1/1 : RUN a\n100%\n", log);
    }

    [Fact]
    public void A_warning_is_written_with_its_detail_and_address()
    {
        var warning = new VertexWarning { Short = ByteString.CopyFromUtf8("JSONArgsRecommended: use JSON"), Url = "https://docs.docker.com/go/x/" };
        warning.Detail.Add(ByteString.CopyFromUtf8("CMD in shell form"));

        Assert.Equal(
            "WARNING: JSONArgsRecommended: use JSON (https://docs.docker.com/go/x/)\n  CMD in shell form\n",
            LogOf(Line(new StatusResponse { Warnings = { warning } })));
    }

    [Fact]
    public void A_value_that_is_secret_is_hidden_even_when_its_line_came_in_pieces()
    {
        var log = LogOf(
            new BuildKitTrace(new SecretMask(["pass-word"]).Hide),
            Line(new StatusResponse { Vertexes = { Started("a", "[1/1] RUN login pass-word") }, Logs = { Printed("a", "it is pass-"), Printed("a", "word\n") } }),
            """{"errorDetail": {"message": "pass-word is wrong"}}""");

        Assert.Equal("Step 1/1 : RUN login ***\nit is ***\nERROR: *** is wrong\n", log);
    }

    [Theory]
    [InlineData("{\"id\":\"moby.buildkit.trace\",\"aux\":\"Cm8K")]
    [InlineData("{\"id\":\"moby.buildkit.trace\",\"aux\":\"Cm8K\"}")]
    [InlineData("{\"id\":\"moby.buildkit.trace\",\"aux\":7}")]
    [InlineData("<html>")]
    public void A_line_that_was_cut_short_or_is_not_the_engines_is_no_success(string line)
    {
        Assert.Throws<EngineUnavailableException>(() => new BuildKitTrace(text => text).Read(line));
    }

    private static string LogOf(params string[] lines) => LogOf(new BuildKitTrace(text => text), lines);

    private static string LogOf(BuildKitTrace trace, params string[] lines)
    {
        var text = new LogText();
        return string.Concat(lines.SelectMany(trace.Read).Select(text.Of));
    }

    private static string Line(StatusResponse status) =>
        $$"""{"id": "moby.buildkit.trace", "aux": "{{Convert.ToBase64String(status.ToByteArray())}}"}""";

    private static Vertex Started(string digest, string name) => new() { Digest = digest, Name = name, Started = Timestamp.FromDateTime(Noon) };

    private static Vertex Ended(string digest, string name) => new()
    {
        Digest = digest,
        Name = name,
        Started = Timestamp.FromDateTime(Noon),
        Completed = Timestamp.FromDateTime(Noon.AddSeconds(2.5)),
    };

    private static VertexLog Printed(string digest, string text) => Printed(digest, Encoding.UTF8.GetBytes(text));

    private static VertexLog Printed(string digest, byte[] bytes) => new()
    {
        Vertex = digest,
        Stream = 1,
        Msg = ByteString.CopyFrom(bytes),
        Timestamp = Timestamp.FromDateTime(Noon.AddSeconds(1)),
    };
}
