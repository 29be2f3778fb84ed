using System.Security.Cryptography;
using Ci.Pipeline.Builds;

namespace Ci.Tests.Source;

/// <summary>Archives that are too much: bounded in time, memory and disk, each with the setting that bounds it.</summary>
public sealed class ArchiveBombTests : IDisposable
{
    private static readonly byte[] Start = RawTar.Gzip(new RawTar().File("Dockerfile").Part());
    private readonly ArchiveBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Millions_of_entries_are_refused_at_the_limit()
    {
        var download = new RepeatedStream(Start, Many(10_000, tar => tar.File("a")), 1_000);

        Assert.Contains("Source__MaxEntries", await _bench.RefusalAsync(download), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Millions_of_global_headers_count_too()
    {
        _bench.Options.MaxEntries = 50_000;
        var download = new RepeatedStream(Start, Many(10_000, tar => tar.Pax('g', ("comment", "x"))), 1_000);

        Assert.Contains("Source__MaxEntries", await _bench.RefusalAsync(download), StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_links_than_can_be_kept_in_mind_are_refused()
    {
        var count = 0;
        var links = Many(10_000, tar => tar.Pax('x', ("path", $"top/{count++:d9}{new string('a', 4_000)}")).Link("l", "x"));

        Assert.Contains("symbolic links", await _bench.RefusalAsync(new RepeatedStream(Start, links, 1)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_zeros_without_end_is_refused_at_the_limit()
    {
        _bench.Options.MaxUnpackedBytes = 512 << 20;
        var head = RawTar.Gzip(new RawTar().File("Dockerfile").Add("top/zeros", '0', size: 8_000_000_000).Part());

        Assert.Contains("Source__MaxUnpackedBytes", await _bench.RefusalAsync(new RepeatedStream(head, RawTar.Gzip(new byte[16 << 20]), 10_000)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Zeros_behind_the_archives_end_are_counted_too()
    {
        _bench.Options.MaxUnpackedBytes = 64 << 20;
        var download = new RepeatedStream(RawTar.Gzip(new RawTar().File("Dockerfile").ToArray()), RawTar.Gzip(new byte[16 << 20]), 10_000);

        Assert.Contains("Source__MaxUnpackedBytes", await _bench.RefusalAsync(download), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Empty_gzip_members_without_end_are_refused_at_the_limit()
    {
        _bench.Options.MaxArchiveBytes = 1 << 20;

        Assert.Contains("Source__MaxArchiveBytes", await _bench.RefusalAsync(new RepeatedStream(Start, RawTar.Gzip([0]), long.MaxValue - 1)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Noise_that_does_not_compress_takes_no_more_disk_than_the_limit()
    {
        _bench.Options.MaxArchiveBytes = 4 << 20;
        var head = RawTar.Gzip(new RawTar().File("Dockerfile").Add("top/noise", '0', size: 8_000_000_000).Part());
        var download = new RepeatedStream(head, RawTar.Gzip(RandomNumberGenerator.GetBytes(1 << 20)), 10_000);

        Assert.Contains("Source__MaxArchiveBytes", await _bench.RefusalAsync(download), StringComparison.Ordinal);
        Assert.InRange(download.BytesRead, 1, 5 << 20);
    }

    [Fact]
    public async Task An_archive_in_several_gzip_members_is_read_whole()
    {
        var members = RawTar.Gzip(new RawTar().File("a", "1").Part()).Concat(RawTar.Gzip(new RawTar().File("b", "2").ToArray())).ToArray();

        var context = await _bench.ContextAsync(new MemoryStream([.. Start, .. members]), ArchiveBench.Whole);

        Assert.Equal([("Dockerfile", ""), ("a", "1"), ("b", "2")], context);
    }

    [Fact]
    public async Task An_archive_that_was_cut_anywhere_is_never_taken_for_whole()
    {
        var whole = new RawTar().File("Dockerfile", "FROM scratch").File("dockerInfo.json", "{}").File("a", new string('a', 2_000)).Gzip();
        var context = await _bench.ContextAsync(new MemoryStream(whole), ArchiveBench.Whole);
        for (var length = 0; length < whole.Length; length++)
        {
            var cut = new MemoryStream(whole[..length]);
            var e = await Record.ExceptionAsync(async () => Assert.Equal(context, await _bench.ContextAsync(cut, ArchiveBench.Whole)));

            Assert.True(e is null or SourceRefusedException or SourceUnavailableException, $"Cut at {length} of {whole.Length}: {e}");
        }
    }

    [Fact]
    public async Task A_tar_that_was_cut_within_a_file_is_something_a_retry_may_cure()
    {
        var tar = new RawTar().File("Dockerfile", "FROM scratch").File("dockerInfo.json", new string(' ', 3_000)).Part();
        for (var length = 1_100; length < tar.Length - 512; length += 300)
        {
            var cut = new MemoryStream(RawTar.Gzip(tar.AsSpan(0, length)));

            await Assert.ThrowsAsync<SourceUnavailableException>(() => _bench.ContextAsync(cut, ArchiveBench.Whole));
        }
    }

    [Fact]
    public async Task A_stream_without_end_stops_when_the_build_is_stopped()
    {
        using var stop = new CancellationTokenSource();
        var download = new RepeatedStream(Start, RawTar.Gzip([0]), long.MaxValue - 1);

        var taking = Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.Run(() => _bench.ContextAsync(download, ArchiveBench.Whole, stop.Token)));
        await stop.CancelAsync();

        await taking;
    }

    private static byte[] Many(int count, Action<RawTar> add)
    {
        var tar = new RawTar();
        for (var i = 0; i < count; i++)
        {
            add(tar);
        }

        return RawTar.Gzip(tar.Part());
    }
}
