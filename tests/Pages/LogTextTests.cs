using System.Text;
using Ci.Web.Pages;
using CsCheck;

namespace Ci.Tests.Pages;

/// <summary>A log as pages show it.</summary>
public sealed class LogTextTests
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
        var sections = await new LogView().ReadAsync(Bytes(Samples.Coloured), TestContext.Current.CancellationToken);

        Assert.Equal(
            ["Source", "Build shop", "Step 1/5 · FROM node:22-alpine", "Step 2/5 · WORKDIR /app", "Step 3/5 · COPY package.json package-lock.json ./",
             "Step 4/5 · RUN npm ci && npm test", "Step 5/5 · CMD [\"node\", \"server.js\"]", "Push localhost:83/shop", "Tags", "End"],
            sections.Select(section => section.Title!));
        Assert.Equal("11 s", sections[5].Took);
        Assert.Equal(Enumerable.Range(1, 23), sections.SelectMany(section => section.Lines).Select(line => line.Number));
    }

    [Fact]
    public async Task Steps_of_stages_that_run_side_by_side_are_sections_that_go_on()
    {
        const string Log = """
                0.1s  Step build 1/2 : FROM docker.io/library/golang:1
                0.2s  Step build 2/2 : RUN go build
                0.3s  compiling
                0.4s  Step 2/3 : RUN apk add tzdata
                0.5s  Step build 2/2 …
                0.6s   ---> done in 0.4 s

            """;

        var sections = await new LogView().ReadAsync(Bytes(Log.ReplaceLineEndings("\n")), TestContext.Current.CancellationToken);

        Assert.Equal(
            ["Step build 1/2 · FROM docker.io/library/golang:1", "Step build 2/2 · RUN go build", "Step 2/3 · RUN apk add tzdata", "Step build 2/2 · goes on"],
            sections.Select(section => section.Title!));
    }

    [Fact]
    public void However_a_log_comes_it_is_the_same_log() => Gen.Int[0, Encoding.UTF8.GetByteCount(Samples.Coloured)].Array[0, 6].Sample(cuts =>
    {
        var bytes = Encoding.UTF8.GetBytes(Samples.Coloured);
        var whole = Lines(new LogView(), bytes);
        var view = new LogView();
        var parts = string.Concat(cuts.Order().Append(bytes.Length).Select(end => Lines(view, bytes[(int)view.Offset..end])));
        Assert.Equal((whole, (long)bytes.Length), (parts, view.Offset));
    });

    [Fact]
    public async Task A_section_that_goes_on_has_no_title_and_the_whole_time()
    {
        var view = new LogView();
        await view.ReadAsync(Bytes("    1.0s  Step 1/2 : RUN a\n    2.0s  x\n"), TestContext.Current.CancellationToken);
        var more = await view.ReadAsync(Bytes("    5.0s  y\n    9.0s  Step 2/2 : RUN b\n   10.0s  z\n"), TestContext.Current.CancellationToken);

        Assert.Equal([(1, null, "8.0 s"), (2, "Step 2/2 · RUN b", "1.0 s")], more.Select(section => (section.Number, section.Title, section.Took)));
    }

    [Fact]
    public async Task Of_a_long_log_the_end_is_shown_with_its_true_numbers()
    {
        var view = new LogView();
        var text = string.Concat(Enumerable.Range(1, LogView.MostLines + 10).Select(n => $"    0.1s  line {n}\n"));
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
        return string.Concat(sections.SelectMany(section => section.Lines.Select(line => $"{line.Number} {line.Section} {line.Title} {line.Text}\n")));
    }

    private static MemoryStream Bytes(string text) => new(Encoding.UTF8.GetBytes(text));
}
