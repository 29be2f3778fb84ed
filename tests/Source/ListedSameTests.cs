using Ci.BuildKit;
using Ci.Pipeline.Source;
using Ci.Pipeline.Source.DockerInfo;
using Ci.Tests.BuildKit;
using CsCheck;

namespace Ci.Tests.Source;

/// <summary>Whatever a commit has, its list and its archive give the same.</summary>
public sealed class ListedSameTests
{
    private static readonly string[] Folders = ["", "a/", "a/b/", "größe/", "with space/", "a.b/", "a-b/"];
    private static readonly string[] Names = ["x", "y.txt", "z z", ".hidden", "日本", "Dockerfile", ".dockerignore", "a'b\"c", "back\\slash"];
    private static readonly int[] Sizes = [0, 1, 11, 70_000, 300_000];

    private static readonly ImageSpec[] Images =
    [
        new() { Name = "a", Version = "1", DockerfilePath = "Dockerfile" },
        new() { Name = "a", Version = "1", Context = "a", DockerfilePath = "a/Dockerfile" },
        new() { Name = "a", Version = "1", Context = "a", DockerfilePath = "Dockerfile" },
    ];

    private static readonly Gen<(string Path, int Size, int Kind)> OneFile =
        from folder in Gen.Int[0, Folders.Length - 1].Select(i => Folders[i])
        from name in Gen.Int[0, Names.Length - 1].Select(i => Names[i])
        from size in Gen.Int[0, Sizes.Length - 1].Select(i => Sizes[i])
        from kind in Gen.Int[0, 5]
        select (folder + name, size, kind);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_list_gives_what_the_archive_gives()
    {
        await using var repository = await ListedRepository.StartAsync();
        await repository.SubmoduleAsync("sub/module");

        await OneFile.Array[1, 60].SampleAsync(
            async files =>
            {
                var commit = await CommitAsync(repository, files);
                await using var listed = await repository.ListedAsync(commit);
                await using var fetched = await repository.FetchedAsync(commit);
                await AssertSameAsync(fetched, listed, ["dockerInfo.json", "a", "nowhere", .. files.Select(file => file.Path)]);
            },
            iter: 15,
            threads: 1);

        Assert.Empty(repository.Log);
        Assert.InRange(repository.Asked("/git/blobs/"), 1, int.MaxValue);
    }

    [Theory]
    [InlineData("link", "../outside")]
    [InlineData("a/b/link", "../../../outside")]
    [InlineData("link", "a/../../outside")]
    public async Task What_an_archive_is_refused_for_a_list_is_refused_for_in_the_same_words(string link, string target)
    {
        await using var repository = await ListedRepository.StartAsync();
        repository.Link(link, target);

        await AssertRefusedAsync(repository, await repository.CommitAsync(("Dockerfile", "FROM scratch")));
    }

    [Theory]
    [InlineData("Source:MaxEntries", "3")]
    [InlineData("Source:MaxUnpackedBytes", "40000")]
    public async Task Limits_are_those_of_an_archive(string setting, string value)
    {
        await using var repository = await ListedRepository.StartAsync((setting, value));

        await AssertRefusedAsync(repository, await repository.CommitAsync(("Dockerfile", "FROM scratch"), ("a/b", new string('b', 40_000)), ("a/c", "")));
    }

    private static async Task AssertRefusedAsync(ListedRepository repository, string commit)
    {
        var listed = Assert.IsType<SourceResult.Refused>(await repository.ListAsync(commit));
        var fetched = Assert.IsType<SourceResult.Refused>(await repository.FetchAsync(commit));
        Assert.Equal(fetched.Reason, listed.Reason);
    }

    private static async Task<string> CommitAsync(ListedRepository repository, (string Path, int Size, int Kind)[] files)
    {
        foreach (var top in new DirectoryInfo(repository.Git.Folder).EnumerateFileSystemInfos().Where(info => info.Name is not (".git" or "sub")))
        {
            (top as DirectoryInfo)?.Delete(recursive: true);
            (top as FileInfo)?.Delete();
        }

        foreach (var (path, size, kind) in files)
        {
            // A Dockerfile or an ignore file that is a link is what other tests are about.
            if (kind == 0 && !path.Contains("ocker", StringComparison.Ordinal))
            {
                repository.Link(path, size % 2 == 0 ? "/etc/hosts" : "x");
            }
            else
            {
                repository.Write(path, path.EndsWith("ignore", StringComparison.Ordinal) ? "y.txt\n**/z*\n" : new string((char)('a' + kind), size), runs: kind == 1);
            }
        }

        return await repository.CommitAsync(("dockerInfo.json", "{}"), ("Dockerfile", "FROM scratch"), ("a/Dockerfile", "FROM scratch"));
    }

    private static async Task AssertSameAsync(CommitSource fetched, CommitSource listed, IEnumerable<string> paths)
    {
        Assert.Equal(fetched.DockerInfoJson?.ToArray(), listed.DockerInfoJson?.ToArray());
        Assert.Equal(fetched.CommittedAt, listed.CommittedAt);
        foreach (var path in paths.Distinct())
        {
            Assert.Equal((path, await ReadAsync(fetched, path)), (path, await ReadAsync(listed, path)));
        }

        foreach (var image in Images)
        {
            Assert.Equal(fetched.ContextHash(image, Cancellation), listed.ContextHash(image, Cancellation));
            Assert.Equal(await FilesAsync(fetched, image), await FilesAsync(listed, image));
            Assert.Equal(await TarAsync(fetched, image), await TarAsync(listed, image));
        }
    }

    private static async Task<string?> ReadAsync(CommitSource source, string path) =>
        await source.ReadAsync(path, Cancellation) is { } content ? Convert.ToHexString(content) : null;

    private static async Task<List<(ContextFile, string)>> FilesAsync(CommitSource source, ImageSpec image) =>
        [.. (await AskingForAll.ReadAsync(source.FilesOf(image, null)!, Cancellation)).Select(file => (file.File, Convert.ToHexString(file.Content)))];

    private static async Task<string> TarAsync(CommitSource source, ImageSpec image)
    {
        using var tar = new MemoryStream();
        await source.WriteContextAsync(image, tar, Cancellation);
        return Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(tar.ToArray()));
    }
}
