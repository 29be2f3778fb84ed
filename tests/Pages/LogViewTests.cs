using System.Text;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Web.Pages;
using CsCheck;

namespace Ci.Tests.Pages;

/// <summary>A log as pages show it.</summary>
public sealed class LogViewTests
{
    [Theory]
    [InlineData("plain <b>", "plain &lt;b&gt;")]
    [InlineData("\e[31mred\e[0m off", "<span class=\"f1\">red</span> off")]
    [InlineData("\e[1;92mboth\e[22m one", "<span class=\"b f10\">both</span><span class=\"f10\"> one</span>")]
    [InlineData("\e[38;5;4mblue\e[39m", "<span class=\"f4\">blue</span>")]
    [InlineData("\e[38;5;200mpink", "pink")]
    [InlineData("\e[38;2;1;2;3mtrue\e[m", "true")]
    [InlineData("\e[48;2;31;31;31;1mbold", "<span class=\"b\">bold</span>")]
    [InlineData("\e[41m\"x\"", "<span class=\"g1\">&quot;x&quot;</span>")]
    [InlineData("\e[2K\e[1Gback", "back")]
    [InlineData("\e]8;;javascript:alert(1)\e\\link\e]8;;\e\\", "link")]
    [InlineData("\e[31", "[31")]
    [InlineData("\e[;;;m\e[99999999999mx", "x")]
    [InlineData("\e[38m\e[38;5m\e[38;2;1mx", "x")]
    public void Colours_become_spans_and_all_else_is_left_out(string line, string html) => Assert.Equal(html, new AnsiText().Line(line).ToString());

    [Fact]
    public void Colours_last_until_they_are_reset()
    {
        var ansi = new AnsiText();

        Assert.Equal("<span class=\"f2\">a</span>", ansi.Line("\e[32ma").ToString());
        Assert.Equal("<span class=\"f2\">b</span>c", ansi.Line("b\e[0mc").ToString());
    }

    [Fact]
    public void No_line_whatever_makes_markup_of_its_own() => Gen.Char[" -~\e\u009b\u0000é[;m0123456789<>\"'"].Array[0, 60].Sample(chars =>
    {
        var html = new AnsiText().Line(new string(chars)).ToString();
        var bare = System.Text.RegularExpressions.Regex.Replace(html, "<span class=\"[a-z0-9 ]+\">|</span>", "");
        return bare.IndexOfAny(['<', '>', '"', '\'', '\e']) < 0;
    });

    [Fact]
    public async Task Steps_are_sections_with_their_times()
    {
        var sections = await new LogView().ReadAsync(Bytes(Samples.Log), TestContext.Current.CancellationToken);

        Assert.Equal(
            ["Source", "Build shop", "Step 1/5 · FROM node:22-alpine", "Step 2/5 · WORKDIR /app", "Step 3/5 · COPY package.json package-lock.json ./",
             "Step 4/5 · RUN npm ci && npm test", "Step 5/5 · CMD [\"node\", \"server.js\"]", "Push shop", "Tags", "End"],
            sections.Select(section => section.Title!));
        Assert.Equal("11 s", sections[5].Took);
        Assert.Equal(Enumerable.Range(1, 23), sections.SelectMany(section => section.Lines).Select(line => line.Number));
    }

    [Fact]
    public async Task Steps_of_stages_that_run_side_by_side_are_sections_that_go_on()
    {
        var (build, other) = (new BuildStep { Stage = "build", Number = 2, Total = 2 }, new BuildStep { Number = 2, Total = 3, Instruction = "RUN apk add tzdata" });
        LogRecord[] log =
        [
            new() { Time = 0.1, Step = build with { Number = 1, Instruction = "FROM docker.io/library/golang:1" } },
            new() { Time = 0.2, Step = build with { Instruction = "RUN go build" } },
            new() { Time = 0.3, Text = "compiling" },
            new() { Time = 0.4, Step = other },
            new() { Time = 0.5, Step = build },
            new() { Time = 0.6, Text = " ---> done in 0.4 s", IsDetail = true },
        ];

        var sections = await new LogView().ReadAsync(Bytes(string.Concat(log.Select(line => line.ToJson()))), TestContext.Current.CancellationToken);

        Assert.Equal(
            ["Step build 1/2 · FROM docker.io/library/golang:1", "Step build 2/2 · RUN go build", "Step 2/3 · RUN apk add tzdata", "Step build 2/2 · goes on"],
            sections.Select(section => section.Title!));
    }

    [Fact]
    public void However_a_log_comes_it_is_the_same_log() => Gen.Int[0, Encoding.UTF8.GetByteCount(Samples.Log)].Array[0, 6].Sample(cuts =>
    {
        var bytes = Encoding.UTF8.GetBytes(Samples.Log);
        var whole = Lines(new LogView(), bytes);
        var view = new LogView();
        var parts = string.Concat(cuts.Order().Append(bytes.Length).Select(end => Lines(view, bytes[(int)view.Offset..end])));
        Assert.Equal((whole, (long)bytes.Length), (parts, view.Offset));
    });

    [Fact]
    public async Task A_section_that_goes_on_has_no_title_and_the_whole_time()
    {
        var view = new LogView();
        await view.ReadAsync(Bytes(Step(1, "RUN a", at: 1) + Samples.Line(2, "x")), TestContext.Current.CancellationToken);
        var more = await view.ReadAsync(Bytes(Samples.Line(5, "y") + Step(2, "RUN b", at: 9) + Samples.Line(10, "z")), TestContext.Current.CancellationToken);

        Assert.Equal([(1, null, "8.0 s"), (2, "Step 2/2 · RUN b", "1.0 s")], more.Select(section => (section.Number, section.Title, section.Took)));
    }

    [Fact]
    public async Task What_a_page_has_already_is_skipped_with_its_numbers_and_sections()
    {
        var view = new LogView();
        var has = Step(1, "RUN a", at: 1) + Samples.Line(2, "x");
        using var log = Bytes(has + Samples.Line(5, "y"));
        await view.ReadAsync(log, TestContext.Current.CancellationToken, until: has.Length);
        using var rest = Bytes(Samples.Line(5, "y"));
        var more = Assert.Single(await view.ReadAsync(rest, TestContext.Current.CancellationToken));

        Assert.Equal((1, null, "4.0 s", 3), (more.Number, more.Title, more.Took, Assert.Single(more.Lines).Number));
    }

    [Fact]
    public async Task A_log_of_an_older_version_is_shown_line_by_line()
    {
        var section = Assert.Single(await new LogView().ReadAsync(
            Bytes("    0.4s  Fetched <the source>\n    0.5s  Step 1/2 : RUN a\n{no json}\n"), TestContext.Current.CancellationToken));

        Assert.Equal(
            ["    0.4s  Fetched &lt;the source&gt;", "    0.5s  Step 1/2 : RUN a", "{no json}"], section.Lines.Select(line => line.Text.ToString()));
    }

    [Fact]
    public async Task Of_a_long_log_the_end_is_shown_with_its_true_numbers()
    {
        var view = new LogView();
        var text = string.Concat(Enumerable.Range(1, LogView.MostLines + 10).Select(n => Samples.Line(0.1, $"line {n}")));
        var sections = await view.ReadAsync(Bytes(text), TestContext.Current.CancellationToken);
        var end = LogView.Of(sections, view.Lines, all: false).ToString();

        Assert.DoesNotContain("id=\"L10\"", end, StringComparison.Ordinal);
        Assert.Contains("id=\"L11\"", end, StringComparison.Ordinal);
        Assert.Contains("id=\"L1\"", LogView.Of(sections, view.Lines, all: true).ToString(), StringComparison.Ordinal);
    }

    private static string Lines(LogView view, byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        var sections = view.ReadAsync(stream, CancellationToken.None).GetAwaiter().GetResult();
        return string.Concat(sections.SelectMany(section => section.Lines.Select(line => $"{line.Number} {section.Number} {line.Text}\n")));
    }

    private static string Step(int number, string instruction, double at) =>
        new LogRecord { Time = at, Step = new BuildStep { Number = number, Total = 2, Instruction = instruction } }.ToJson();

    private static MemoryStream Bytes(string text) => new(Encoding.UTF8.GetBytes(text));
}
