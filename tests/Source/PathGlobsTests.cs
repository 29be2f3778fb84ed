using Ci.Pipeline.Source.DockerIgnore;

namespace Ci.Tests.Source;

public sealed class PathGlobsTests
{
    [Theory]
    [InlineData("api/**", "api/x/y.cs", true)]
    [InlineData("api/**", "apix/y.cs", false)]
    [InlineData("*.md", "README.md", true)]
    [InlineData("*.md", "docs/README.md", false)]
    [InlineData("**/*.md", "docs/README.md", true)]
    [InlineData("**/*.md", "README.md", true)]
    [InlineData("docs/?.txt", "docs/a.txt", true)]
    [InlineData("docs/?.txt", "docs/ab.txt", false)]
    [InlineData("a.c", "abc", false)]
    [InlineData("**", "anything/at/all", true)]
    public void A_glob_matches_as_in_github_actions(string glob, string path, bool matches) =>
        Assert.Equal(matches, PathGlobs.Matches([glob], [path]));

    [Fact]
    public void A_later_exception_takes_away() =>
        Assert.False(PathGlobs.Matches(["api/**", "!api/docs/**"], ["api/docs/x.md"]));
}
