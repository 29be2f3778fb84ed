using Ci.BuildKit;
using Ci.Pipeline.Builds;
using Ci.Pipeline.GitHub;
using Ci.Pipeline.Source;
using Ci.Pipeline.Source.Context;
using Ci.Pipeline.Source.Tree;
using Ci.Tests.BuildKit;

namespace Ci.Tests.Source;

/// <summary>An archive that is read while it comes in, and that must be what was listed.</summary>
public sealed class LateArchiveTests : IDisposable
{
    // More than are given one by one.
    private const int Many = 40;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ci-late-");
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
    public async Task The_first_files_are_handed_over_before_the_last_have_come()
    {
        var archive = Tar(Many, 100_000).Gzip();
        var download = new HeldStream(archive, archive.Length / 2);
        await using var commit = Commit(Many, 100_000, () => download);
        var asking = new Waiting(commit.FilesOf(ArchiveBench.Whole, null)!, download.Release);

        await asking.ReadAsync(Cancellation);
        await commit.ConfirmAsync(Cancellation);

        Assert.True(asking.IsEmpty);
    }

    [Fact]
    public async Task Many_that_ask_at_once_are_given_one_download()
    {
        await using var commit = Commit(Many, 1_000, () => new MemoryStream(Tar(Many, 1_000).Gzip()));

        var contexts = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => AskingForAll.ReadAsync(commit.FilesOf(ArchiveBench.Whole, null)!, Cancellation)));
        await commit.ConfirmAsync(Cancellation);

        Assert.All(contexts, context => Assert.Equal(Many + 1, context.Count));
        Assert.Equal(1, _downloads);
    }

    [Fact]
    public async Task Few_files_need_no_download()
    {
        await using var commit = Commit(20, 1_000, () => throw new InvalidOperationException());

        Assert.Equal(21, (await AskingForAll.ReadAsync(commit.FilesOf(ArchiveBench.Whole, null)!, Cancellation)).Count);
        await commit.ConfirmAsync(Cancellation);
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
    public async Task An_archive_that_is_not_what_was_listed_is_found_out_before_the_image_is_published(string how)
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

        var e = await Assert.ThrowsAsync<SourceUnavailableException>(async () =>
        {
            await AskingForAll.ReadAsync(commit.FilesOf(ArchiveBench.Whole, null)!, Cancellation);
            await commit.ConfirmAsync(Cancellation);
        });

        Assert.Contains("not what GitHub listed", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_archive_is_refused_for_it_is_refused_for_behind_what_was_asked_for()
    {
        await using var commit = Commit(Many, 1_000, () => new MemoryStream(Tar(Many, 1_000).Add("top/x", '1', link: "top/f00").Gzip()));

        await AskingForAll.ReadAsync(commit.FilesOf(ArchiveBench.Whole, null)!, Cancellation);

        Assert.Contains("hard link", (await Assert.ThrowsAsync<SourceRefusedException>(() => commit.ConfirmAsync(Cancellation))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_breaks_off_is_something_a_retry_may_cure_for_all_who_wait()
    {
        var archive = Tar(Many, 100_000).Gzip();
        await using var commit = Commit(Many, 100_000, () => new MemoryStream(archive[..(archive.Length / 2)]));

        await Assert.ThrowsAsync<SourceUnavailableException>(() => AskingForAll.ReadAsync(commit.FilesOf(ArchiveBench.Whole, null)!, Cancellation));
        await Assert.ThrowsAsync<SourceUnavailableException>(() => commit.ConfirmAsync(Cancellation));
    }

    [Fact]
    public async Task Whoever_is_done_with_it_while_it_comes_in_does_not_wait_for_it()
    {
        var archive = Tar(Many, 100_000).Gzip();
        var commit = Commit(Many, 100_000, () => new HeldStream(archive, archive.Length / 2));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var asking = new Waiting(commit.FilesOf(ArchiveBench.Whole, null)!, stop.Cancel);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking.ReadAsync(stop.Token));
        await commit.DisposeAsync();
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
        var archive = new LateArchive(_ => Task.FromResult(Begin(download)), listed, limits);
        return new ListedCommit(listed.Index, new BuildInputs(), DateTimeOffset.UnixEpoch, blobs, archive);
    }

    private Stream Begin(Func<Stream> download)
    {
        Interlocked.Increment(ref _downloads);
        return download();
    }

    /// <summary>A download that stops in its middle until it is told to go on.</summary>
    private sealed class HeldStream(byte[] content, int middle) : MemoryStream(content)
    {
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release() => _released.TrySetResult();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position >= middle)
            {
                await _released.Task.WaitAsync(cancellationToken);
            }

            return Read(buffer.Span[..(int)Math.Min(buffer.Length, Position < middle ? middle - Position : buffer.Length)]);
        }
    }

    /// <summary>Asks for all files, and does something once it has the second: the first may be the Dockerfile, which needs no archive.</summary>
    private sealed class Waiting : ContextRequests
    {
        private readonly HashSet<ContextFile> _wanted = new(ReferenceEqualityComparer.Instance);
        private readonly ContextSource _source;
        private readonly Action _then;
        private int _answers;

        public Waiting(ContextSource source, Action then)
        {
            _source = source;
            _then = then;
            _wanted.UnionWith(source.Files);
        }

        public override bool IsEmpty => _wanted.Count == 0;

        public Task ReadAsync(CancellationToken cancellationToken) => _source.ReadAsync(this, cancellationToken);

        public override bool Contains(ContextFile file) => _wanted.Contains(file);

        public override async Task AnswerAsync(ContextFile file, Stream content, CancellationToken cancellationToken)
        {
            await content.CopyToAsync(Stream.Null, cancellationToken);
            _wanted.Remove(file);
            if (++_answers == 2)
            {
                _then();
            }
        }
    }
}
