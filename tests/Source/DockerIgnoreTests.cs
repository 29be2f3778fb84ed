using System.Text;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Source.DockerIgnore;

namespace Ci.Tests.Source;

/// <summary>What <c>.dockerignore</c> means is what the docker command line sends; here it sends to an engine that only listens.</summary>
public sealed class DockerIgnoreTests
{
    private static readonly string[] Tree =
    [
        "Dockerfile", "a", "b", "ab", "a.md", "b.md", ".hidden", "README.md", "foo+bar", "x(1)", "sp ace",
        "dir/a", "dir/b", "dir/a.md", "dir/sub/a", "dir/sub/b.md", "dir/sub/deep/a", "dir/.hidden",
        "other/a", "other/dir/a", "other/dir/b.md", "docs/README.md", "docs/a.md",
    ];

    [Fact]
    public async Task A_table_of_patterns_means_what_docker_makes_of_it() => await CompareAsync(
    [
        "a", "/a", "a/", "dir", "dir/", "dir/*", "dir/**", "*", "**", "*.md", "**/*.md", "*/*.md", "**/a", "**a", "a**", "*/a", "*/*/a", "?", "a?",
        "[ab]", "[^a]", "[a-b].md", "\\a", "foo+bar", "x(1)", "sp ace", ".", "./a", "dir/../a", "dir/./sub", "../a", "/", "Dockerfile", ".dockerignore",
        "*\n!a", "*\n!dir", "*\n!dir/a", "*\n!dir/sub/a", "*\n!**/a", "**\n!dir", "**\n!dir/sub", "*.md\n!README.md", "dir\n!dir/a", "dir\n!dir/*.md",
        "dir\n!dir/sub\ndir/sub/deep", "!a", "*\n!*.md", "# comment\na", " # no comment", "  a  ", "! a", "*\n! dir/a ", "\uFEFFa", "a\r\nb\r\n",
        "dir/**/a", "**/sub/**", "**/sub", "other/**/a", "**/dir/*", "dir/sub/**/a", "*/dir", ".*", "**/.*", "a\n!a\na", "Docker*", "*\n!Dockerfile",
        "dir/sub\n!dir/sub/deep", "**/*\n!docs/**", "docs/*.md\n!docs/README.md", "[*]", "[a*]b", "[!a]", "[^a]/*", "[a-b]?", "[b-a]", "[\\]a]", "[.a]md", "[+]*", "x[(]1*", "^a", "a^b", "*^", "d?r/^a", "\\d*", "\\w", "\\b*", "\\?", "**/[ab]", "[ds]*/**/[ab].m?",
        "*/**", "**/**", "***", "dir**", "di*", "d?r/sub",
    ]);

    [Fact]
    public async Task Generated_patterns_mean_what_docker_makes_of_them()
    {
        const int Seed = 20261123;
        var random = new Random(Seed);
        string[] pieces = ["a", "b", "dir", "sub", "deep", "other", "docs", "*", "**", "*.md", "?", "[ab]", "README.md", "a*", "*b", "."];
        string Pattern() => (random.Next(3) == 0 ? "!" : "") + (random.Next(8) == 0 ? "/" : "")
            + string.Join('/', Enumerable.Range(0, random.Next(1, 4)).Select(_ => pieces[random.Next(pieces.Length)]));

        await CompareAsync([.. Enumerable.Range(0, 300).Select(_ => string.Join('\n', Enumerable.Range(0, random.Next(1, 5)).Select(_ => Pattern())))]);
    }

    [Theory]
    [InlineData("[")]
    [InlineData("[a")]
    [InlineData("[]")]
    [InlineData("[a-]")]
    [InlineData("a\\")]
    [InlineData("!")]
    public async Task A_malformed_pattern_is_refused_as_docker_refuses_it(string pattern)
    {
        await using var docker = await ListeningEngine.StartAsync(Tree);

        Assert.Null(await docker.SentAsync(pattern));
        var e = Assert.Throws<SourceRefusedException>(() => DockerIgnoreFile.Parse(Encoding.UTF8.GetBytes(pattern), "Dockerfile"));
        Assert.Contains(".dockerignore", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_too_much_for_memory_is_refused()
    {
        Assert.Contains("1000 characters", Refusal(new string('a', 1_001)), StringComparison.Ordinal);
        Assert.Contains("10000 patterns", Refusal(string.Concat(Enumerable.Repeat("*a\n", 10_001))), StringComparison.Ordinal);
        Assert.Contains("more than 16", Refusal(string.Concat(Enumerable.Repeat("\\d\n", 17))), StringComparison.Ordinal);
        Assert.Contains("too long", Refusal("^" + new string('a', 200) + "*"), StringComparison.Ordinal);
    }

    [Fact]
    public void Ten_thousand_patterns_take_little_memory_and_a_deep_path_little_time()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var ignore = DockerIgnoreFile.Parse(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 10_000).Select(i => $"**/*a*a*{i}/[Bb]in\n"))), "Dockerfile");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000_000);

        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => ignore.Excludes(string.Concat(Enumerable.Repeat("a/", 2_000)) + "a", stop.Token));
        Assert.False(ignore.Excludes("src/a/b/c.cs"));
    }

    private static string Refusal(string file) =>
        Assert.Throws<SourceRefusedException>(() => DockerIgnoreFile.Parse(Encoding.UTF8.GetBytes(file), "Dockerfile")).Message;

    private static async Task CompareAsync(string[] ignoreFiles)
    {
        await using var docker = await ListeningEngine.StartAsync(Tree);
        var different = new List<string>();
        foreach (var file in ignoreFiles)
        {
            var theirs = await docker.SentAsync(file) ?? ["docker refused it"];
            var ours = Ours(file);
            if (!theirs.SequenceEqual(ours))
            {
                different.Add($"{file.Replace("\n", " | ", StringComparison.Ordinal)}: docker alone sends [{string.Join(' ', theirs.Except(ours))}], we alone [{string.Join(' ', ours.Except(theirs))}]");
            }
        }

        Assert.True(different.Count == 0, string.Join('\n', different));
    }

    private static string[] Ours(string file)
    {
        try
        {
            var ignore = DockerIgnoreFile.Parse(Encoding.UTF8.GetBytes(file), "Dockerfile");
            return [.. Tree.Append(".dockerignore").Where(path => !ignore.Excludes(path)).Order(StringComparer.Ordinal)];
        }
        catch (SourceRefusedException)
        {
            return ["docker refused it"];
        }
    }
}
