using Ci.Pipeline.Source.Dockerfile;

namespace Ci.Tests.Source;

/// <summary>Where the instructions of a Dockerfile begin; where that is not certain, nothing is said.</summary>
public sealed class DockerfileTests
{
    [Fact]
    public void Comments_and_empty_lines_are_counted_and_are_no_instructions() =>
        Assert.Equal([(2, "FROM a"), (5, "RUN b")], Read("# a comment\nFROM a\n\n  # another\nRUN b\n"));

    [Fact]
    public void An_instruction_is_on_the_line_on_which_it_begins() =>
        Assert.Equal([(1, "FROM a"), (2, "RUN b && c"), (6, "RUN d")], Read("FROM a\nRUN b \\\n  # why\n\n  && c\nRUN d\n"));

    [Fact]
    public void Windows_line_ends_make_no_difference() => Assert.Equal([(1, "FROM a"), (2, "RUN b c")], Read("FROM a\r\nRUN b \\\r\n c\r\n"));

    [Fact]
    public void Another_escape_continues_lines() =>
        Assert.Equal([(2, "FROM a"), (3, @"COPY x c:\"), (4, "RUN b c")], Read("# escape=`\nFROM a\nCOPY x c:\\\nRUN b `\n c\n"));

    [Fact]
    public void A_here_document_is_none_of_the_next_instruction() =>
        Assert.Equal([1, 2, 6], DockerfileParser.Read("FROM a\nRUN <<EOF\nRUN not this\n# nor that\nEOF\nRUN b\n")!.Select(i => i.Line));

    [Fact]
    public void Two_here_documents_follow_each_other() =>
        Assert.Equal([1, 2, 7], DockerfileParser.Read("FROM a\nCOPY <<one <<-\"two\" /x/\n1\none\n2\n\ttwo\nRUN b\n")!.Select(i => i.Line));

    [Theory]
    [InlineData("FROM a\nRUN <<EOF\nnever ended\n")]
    [InlineData("FROM a\nRUN (cat <<EOF)\nx\nEOF\n")]
    [InlineData("FROM a\nRUN echo $((1<<3))\n")]
    public void What_is_not_certain_is_not_told(string text) => Assert.Null(DockerfileParser.Read(text));

    private static IEnumerable<(int Line, string Text)>? Read(string text) => DockerfileParser.Read(text)?.Select(i => (i.Line, i.Text));
}
