using Ci.Pipeline.Builds;
using Ci.Pipeline.GitHub;
using Ci.Pipeline.Source;
using Ci.Pipeline.Source.Context;
using Ci.Pipeline.Source.Tree;

namespace Ci.Tests.Source;

/// <summary>A list is trusted no more than an archive.</summary>
public sealed class GitTreeTests
{
    private static readonly byte[] Target = "x"u8.ToArray();

    [Theory]
    [InlineData("../evil")]
    [InlineData("a/../../evil")]
    [InlineData("/etc/passwd")]
    [InlineData("./a")]
    [InlineData("a//b")]
    [InlineData("a\0b")]
    public async Task A_path_that_is_no_plain_one_is_refused(string path)
    {
        var e = await Assert.ThrowsAsync<SourceRefusedException>(() => ReadAsync([File(path)]));

        Assert.Contains("no plain path", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_lies_below_a_link_is_refused()
    {
        var e = await Assert.ThrowsAsync<SourceRefusedException>(() => ReadAsync([Link("a"), File("a/b")]));

        Assert.Contains("lies below a, which is a symbolic link", e.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, object> Odd => new()
    {
        { "a path that is there twice", new[] { File("a"), File("a") } },
        { "a file that is a folder as well", new GitTreeEntry[] { File("a"), File("a/b") } },
        { "a file below a link that comes later", new GitTreeEntry[] { File("a/b"), Link("a") } },
        { "a file in no folder", new GitTreeEntry[] { File("a/b") } },
        { "a name that is no UTF-8", new GitTreeEntry[] { File("a\uFFFD") } },
        { "a mode that git does not write", new GitTreeEntry[] { File("a") with { Mode = "100640" } } },
        { "a hash of another kind", new GitTreeEntry[] { File("a") with { Sha = new string('a', 64) } } },
        { "a hash that is none", new GitTreeEntry[] { File("a") with { Sha = new string('G', 40) } } },
        { "less than nothing", new GitTreeEntry[] { File("a") with { Size = -1 } } },
        { "a folder with nothing in it, of which an archive has none", new GitTreeEntry[] { new() { Path = "a", Mode = "040000", Sha = "4b825dc642cb6eb9a060e54bf8d69288fbee4904" } } },
        { "a large dockerInfo.json", new GitTreeEntry[] { File("dockerInfo.json") with { Size = 1 << 30 } } },
        { "a large link", new GitTreeEntry[] { Link("a") with { Size = 1 << 30 } } },
    };

    [Theory(DisableDiscoveryEnumeration = true)]
    [MemberData(nameof(Odd))]
    public async Task What_is_odd_is_left_to_the_archive(string what, object entries)
    {
        var e = await Record.ExceptionAsync(() => ReadAsync((GitTreeEntry[])entries));

        Assert.True(e is NotListedException, $"{what}: {e}");
    }

    [Fact]
    public async Task Sizes_that_no_number_holds_are_too_large()
    {
        var e = await Assert.ThrowsAsync<SourceRefusedException>(() => ReadAsync([File("a") with { Size = long.MaxValue }, File("b") with { Size = long.MaxValue }]));

        Assert.Contains("Source__MaxUnpackedBytes", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_files_than_are_kept_in_mind_are_left_to_the_archive() =>
        await Assert.ThrowsAsync<NotListedException>(() => ReadAsync([.. Enumerable.Range(0, ContentIndex.MaxFiles + 1).Select(i => File($"f{i}"))]));

    private static GitTreeEntry File(string path) => new() { Path = path, Mode = "100644", Sha = Convert.ToHexStringLower(GitBlob.Name(Target)), Size = Target.Length };

    private static GitTreeEntry Link(string path) => File(path) with { Mode = "120000" };

    private static async Task<ContentIndex> ReadAsync(GitTreeEntry[] entries)
    {
        var tree = GitTree.Of(entries);
        var blobs = new CommitBlobs((_, _) => Task.FromResult(Target));
        await blobs.FetchAsync(tree.First, TestContext.Current.CancellationToken);
        return tree.Complete(DateTimeOffset.UnixEpoch, blobs, new SourceOptions());
    }
}
