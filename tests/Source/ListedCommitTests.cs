using Ci.Pipeline.Builds;
using Ci.Pipeline.GitHub;
using Ci.Pipeline.Source;
using Ci.Pipeline.Source.Archive;
using Ci.Pipeline.Source.Context;
using Ci.Pipeline.Source.Tree;
using Ci.Tests.BuildKit;

namespace Ci.Tests.Source;

/// <summary>A commit that was listed: few of its files come one by one, many with its archive, which must be what was listed.</summary>
public sealed class ListedCommitTests : IDisposable
{
    // More than are given one by one.
    private const int Many = 40;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ci-listed-");
    private int _downloads;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Assert.Empty(_folder.EnumerateFiles());
        if (OperatingSystem.IsLinux())
        {
            Assert.DoesNotContain(new DirectoryInfo("/proc/self/fd").EnumerateFiles(), file => file.LinkTarget?.StartsWith(_folder.FullName, StringComparison.Ordinal) == true);
        }

        _folder.Delete();
    }

    [Fact]
    public async Task Many_that_ask_at_once_are_given_one_download()
    {
        await using var commit = Commit(Many, 1_000, () => new MemoryStream(Tar(Many, 1_000).Gzip()));

        var contexts = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => AskingForAll.ReadAsync(commit.FilesOf(ArchiveBench.Whole, null)!, Cancellation)));

        Assert.All(contexts, context => Assert.Equal(Many + 1, context.Count));
        Assert.Equal(1, _downloads);
    }

    [Fact]
    public async Task Few_files_need_no_download()
    {
        await using var commit = Commit(20, 1_000, () => throw new InvalidOperationException());

        Assert.Equal(21, (await AskingForAll.ReadAsync(commit.FilesOf(ArchiveBench.Whole, null)!, Cancellation)).Count);
    }

    [Fact]
    public async Task Few_but_large_files_come_in_the_archive()
    {
        await using var commit = Commit(3, 4_000_000, () => new MemoryStream(Tar(3, 4_000_000).Gzip()));

        await AskingForAll.ReadAsync(commit.FilesOf(ArchiveBench.Whole, null)!, Cancellation);

        Assert.Equal(1, _downloads);
    }

    public static TheoryData<string> Differences => ["missing", "more", "twice", "link", "longer", "runs", "other content"];

    [Theory]
    [MemberData(nameof(Differences))]
    public async Task An_archive_that_is_not_what_was_listed_is_found_out_before_anything_of_it_is_built(string how)
    {
        var tar = Tar(how == "missing" ? Many - 1 : Many, 1_000, except: how is "link" or "longer" or "runs" or "other content" ? 7 : -1);
        tar = how switch
        {
            "more" => tar.File("f99", "x"),
            "twice" => tar.Add("top/f00", '0', Content(0, 1_000)),
            "link" => tar.Link("f07", "f08"),
            "longer" => tar.Add("top/f07", '0', Content(7, 1_001)),
            "runs" => tar.Add("top/f07", '0', Content(7, 1_000), change: header => RawTar.Put(header, 100, 8, "0000755")),
            "other content" => tar.Add("top/f07", '0', Content(8, 1_000)),
            _ => tar,
        };
        await using var commit = Commit(Many, 1_000, () => new MemoryStream(tar.Gzip()));

        var e = await Assert.ThrowsAsync<SourceUnavailableException>(() => AskingForAll.ReadAsync(commit.FilesOf(ArchiveBench.Whole, null)!, Cancellation));

        Assert.Contains("not what GitHub listed", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_breaks_off_is_something_a_retry_may_cure_for_all_who_ask()
    {
        var archive = Tar(Many, 100_000).Gzip();
        await using var commit = Commit(Many, 100_000, () => new MemoryStream(archive[..(archive.Length / 2)]));

        for (var ask = 0; ask < 2; ask++)
        {
            await Assert.ThrowsAsync<SourceUnavailableException>(() => AskingForAll.ReadAsync(commit.FilesOf(ArchiveBench.Whole, null)!, Cancellation));
        }

        Assert.Equal(2, _downloads);
    }

    [Fact]
    public async Task The_archive_is_read_whatever_the_order_of_its_files()
    {
        var tar = new RawTar();
        for (var i = Many - 1; i >= 0; i--)
        {
            tar = tar.Add($"top/f{i:D2}", '0', Content(i, 1_000));
        }

        await using var commit = Commit(Many, 1_000, () => new MemoryStream(tar.File("Dockerfile", "FROM scratch").Gzip()));

        var files = await AskingForAll.ReadAsync(commit.FilesOf(ArchiveBench.Whole, null)!, Cancellation);

        Assert.All(files.Where(file => file.File.Path != "Dockerfile"), file => Assert.Equal(
            Content(int.Parse(file.File.Path[1..], System.Globalization.CultureInfo.InvariantCulture), 1_000), file.Content));
    }

    /// <summary>What does not compress, so that half of the archive is half of the files.</summary>
    private static byte[] Content(int i, int size)
    {
        var content = new byte[size];
        new Random(i).NextBytes(content);
        return content;
    }

    private static RawTar Tar(int files, int size, int except = -1)
    {
        var tar = new RawTar().File("Dockerfile", "FROM scratch");
        for (var i = 0; i < files; i++)
        {
            tar = i == except ? tar : tar.Add($"top/f{i:D2}", '0', Content(i, size));
        }

        return tar;
    }

    private ListedCommit Commit(int files, int size, Func<Stream> download)
    {
        var contents = Enumerable.Range(0, files).ToDictionary(i => $"f{i:D2}", i => Content(i, size));
        contents["Dockerfile"] = "FROM scratch"u8.ToArray();
        var names = contents.ToDictionary(file => Convert.ToHexStringLower(GitBlob.Name(file.Value)), file => file.Value);
        var blobs = new CommitBlobs((name, _) => Task.FromResult(names[Convert.ToHexStringLower(name)]));
        var tree = GitTree.Of([.. contents.Select(file => new GitTreeEntry { Path = file.Key, Mode = "100644", Sha = Convert.ToHexStringLower(GitBlob.Name(file.Value)), Size = file.Value.Length })]);
        var limits = new SourceOptions { TempDirectory = _folder.FullName };
        var listed = tree.Complete(DateTimeOffset.UnixEpoch, blobs, limits);
        return new ListedCommit(
            listed, new BuildInputs(), DateTimeOffset.UnixEpoch, blobs, async token => await SourceArchive.SpoolAsync(Begin(download), limits, token));
    }

    private Stream Begin(Func<Stream> download)
    {
        Interlocked.Increment(ref _downloads);
        return download();
    }
}
