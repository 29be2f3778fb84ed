using Ci.Pipeline.Reporting.Comments;

namespace Ci.Tests.Reporting;

/// <summary>Text that anybody may have written does nothing in a comment.</summary>
public sealed class CommentMarkdownTests
{
    [Theory]
    [InlineData("RUN make", "`RUN make`")]
    [InlineData("@everyone <b>x</b>", "`@everyone <b>x</b>`")]
    [InlineData("echo `date`", "`` echo `date` ``")]
    [InlineData("``` three", "```` ``` three ````")]
    [InlineData("one\ntwo\r\n# three", "`one two # three`")]
    [InlineData("", "nothing")]
    [InlineData("\u202Eevil\u0007", "`evil`")]
    public void A_short_text_stays_within_its_code_span(string text, string shown) => Assert.Equal(shown, CommentMarkdown.Code(text));

    [Fact]
    public void A_long_text_is_cut_before_it_is_put_into_its_span() => Assert.Equal("`aaa…`", CommentMarkdown.Code("aaaa`", most: 3));

    [Theory]
    [InlineData("plain", "```\nplain\n```")]
    [InlineData("```", "````\n```\n````")]
    [InlineData("a ````` b\n@team </details>", "``````\na ````` b @team </details>\n``````")]
    public void A_log_line_cannot_end_the_fence(string line, string shown) => Assert.Equal(shown, CommentMarkdown.Fence([line]));
}
