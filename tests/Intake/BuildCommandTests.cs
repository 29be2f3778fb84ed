using Ci.Pipeline.GitHub;

namespace Ci.Tests.Intake;

public sealed class BuildCommandTests
{
    [Theory]
    [InlineData("/build")]
    [InlineData("  /build  ")]
    [InlineData("/build\r\nLooks good to me.")]
    public void The_command_alone_means_the_head(string body) => Assert.Equal(new BuildCommand(Commit: null), BuildCommand.Parse(body));

    [Fact]
    public void With_a_commit_it_means_that_one() => Assert.Equal(new BuildCommand("1a2b3c4"), BuildCommand.Parse("/build 1A2B3C4\nthanks"));

    [Fact]
    public void What_is_suggested_is_understood() =>
        Assert.Equal(new BuildCommand("aaaaaaaaaaaa"), BuildCommand.Parse(BuildCommand.For(new string('a', 40))));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("> /build")]
    [InlineData("Should I comment /build?")]
    [InlineData("Nice.\n/build")]
    [InlineData("/builds")]
    [InlineData("/build now")]
    [InlineData("/build 1a2b")]
    [InlineData("/build 1a2b3c4 5d6e7f8")]
    [InlineData("`/build`")]
    public void Anything_else_is_no_command(string? body) => Assert.Null(BuildCommand.Parse(body));
}
