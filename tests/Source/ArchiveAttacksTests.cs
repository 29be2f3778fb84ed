using Ci.Pipeline.Builds;

namespace Ci.Tests.Source;

/// <summary>Names, links and entry types that mean harm: each is refused with a sentence, or gets nowhere.</summary>
public sealed class ArchiveAttacksTests : IDisposable
{
    private readonly ArchiveBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("../evil")]
    [InlineData("top/../evil")]
    [InlineData("top/a/../../evil")]
    [InlineData("top/./evil")]
    [InlineData("top//evil")]
    [InlineData("//evil")]
    [InlineData("./top/evil")]
    [InlineData("top/..")]
    public async Task A_name_that_climbs_or_is_no_plain_path_is_refused(string name)
    {
        var refusal = await _bench.RefusalAsync(new RawTar().File("Dockerfile").Add(name, '0'));

        Assert.Contains("leaves the repository or is no plain path", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("..\\..\\evil")]
    [InlineData("C:\\evil")]
    [InlineData("C:evil")]
    [InlineData("\\\\server\\share")]
    public async Task Backslashes_and_drives_are_letters_of_a_name_as_in_git(string name)
    {
        var context = await _bench.ContextAsync(new RawTar().File("Dockerfile").File(name, "x"));

        Assert.Contains((name, "x"), context);
    }

    [Theory]
    [InlineData("C:/evil")]
    [InlineData("..\\top/evil")]
    public async Task Outside_the_top_folder_they_are_refused_as_any_other_name(string name)
    {
        var refusal = await _bench.RefusalAsync(new RawTar().File("Dockerfile").Add(name, '0'));

        Assert.Contains("outside the archive's one folder", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData('1', "hard link")]
    [InlineData('3', "device")]
    [InlineData('4', "device")]
    [InlineData('6', "pipe")]
    [InlineData('7', "which no git commit can have")]
    [InlineData('S', "sparse file")]
    [InlineData('D', "which no git commit can have")]
    [InlineData('M', "which no git commit can have")]
    [InlineData('V', "which no git commit can have")]
    [InlineData('N', "which no git commit can have")]
    [InlineData('Z', "which no git commit can have")]
    public async Task An_entry_that_git_does_not_know_is_refused_by_its_kind(char type, string words)
    {
        var refusal = await _bench.RefusalAsync(new RawTar().File("Dockerfile").Add("top/x", type, link: "top/Dockerfile"));

        Assert.Contains(words, refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("top/Dockerfile")]
    [InlineData("../../etc/passwd")]
    public async Task A_hard_link_is_refused_wherever_it_points_to(string target)
    {
        var refusal = await _bench.RefusalAsync(new RawTar().File("Dockerfile").Add("top/dockerInfo.json", '1', link: target));

        Assert.Contains("hard link", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_written_through_a_link_however_deep()
    {
        var below = await _bench.RefusalAsync(new RawTar().File("Dockerfile").Link("a", "b").File("a/c/d/e"));
        var twice = await _bench.RefusalAsync(new RawTar().File("Dockerfile").Link("a", "/etc/passwd").File("a", "root::0:0"));
        var chain = await _bench.RefusalAsync(new RawTar().File("Dockerfile").Link("a", "b").Link("b", "a").Add("top/b/x/", '5'));

        Assert.Contains("lies below a, which is a symbolic link", below, StringComparison.Ordinal);
        Assert.Contains("is there twice, once as a symbolic link", twice, StringComparison.Ordinal);
        Assert.Contains("lies below b", chain, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("..")]
    [InlineData("a/../..")]
    [InlineData("./../x")]
    [InlineData("a/b/../../../x")]
    public async Task A_link_that_climbs_out_is_refused(string target)
    {
        var refusal = await _bench.RefusalAsync(new RawTar().File("Dockerfile").Link("l", target));

        Assert.Contains("which is outside the repository", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_whose_target_hides_behind_a_nul_is_refused()
    {
        var refusal = await _bench.RefusalAsync(
            new RawTar().File("Dockerfile").Pax('x', ("linkpath", "..\0x")).Link("l", "x"));

        Assert.Contains("symbolic link", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_to_nothing_is_refused() =>
        Assert.Contains("is empty", await _bench.RefusalAsync(new RawTar().File("Dockerfile").Link("l", "")), StringComparison.Ordinal);

    [Fact]
    public async Task Links_in_a_ring_go_to_the_engine_as_links()
    {
        var context = await _bench.ContextAsync(new RawTar().File("Dockerfile").Link("a", "b").Link("b", "a").Link("self", "self"));

        Assert.Equal([("Dockerfile", ""), ("a", "-> b"), ("b", "-> a"), ("self", "-> self")], context);
    }

    [Fact]
    public async Task A_dockerfile_that_is_a_link_is_never_followed_here()
    {
        var context = await _bench.ContextAsync(new RawTar().Link("Dockerfile", "/etc/passwd"));

        Assert.Equal([("Dockerfile", "-> /etc/passwd")], context);
    }

    [Fact]
    public async Task A_dockerInfo_that_is_a_link_or_a_folder_is_none()
    {
        Assert.Null(await _bench.InfoAsync(new RawTar().Link("dockerInfo.json", "/etc/passwd")));
        Assert.Null(await _bench.InfoAsync(new RawTar().Add("top/dockerInfo.json/", '5')));
    }

    [Fact]
    public async Task A_context_folder_that_is_a_link_is_no_folder()
    {
        var image = ArchiveBench.Whole with { Context = "api" };

        var e = await Assert.ThrowsAsync<SourceRefusedException>(() => _bench.ContextAsync(new RawTar().File("Dockerfile").Link("api", "/etc"), image));

        Assert.Contains("no such folder", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_entries_that_are_there_twice_the_last_counts_everywhere()
    {
        var tar = new RawTar().File("dockerInfo.json", "first").File("Dockerfile", "first").File("Dockerfile", "second").File("dockerInfo.json", "second");

        Assert.Equal("second", await _bench.InfoAsync(tar));
        Assert.Equal(("Dockerfile", "second"), (await _bench.ContextAsync(tar)).Last(entry => entry.Name == "Dockerfile"));
    }

    [Fact]
    public async Task Names_that_differ_in_case_only_are_two_files()
    {
        var tar = new RawTar().File("dockerinfo.json", "wrong").File("DOCKERFILE", "wrong").File("Dockerfile", "right");

        Assert.Null(await _bench.InfoAsync(tar));
        Assert.Equal(3, (await _bench.ContextAsync(tar)).Count);
    }
}
