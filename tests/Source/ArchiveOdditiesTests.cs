using System.Text;
using Ci.Pipeline.Builds;

namespace Ci.Tests.Source;

/// <summary>Headers that lie: each is refused with a sentence, or means what it means to git.</summary>
public sealed class ArchiveOdditiesTests : IDisposable
{
    private readonly ArchiveBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("top/a\0b")]
    [InlineData("\0")]
    [InlineData("top/../evil")]
    [InlineData("/etc/passwd")]
    public async Task A_pax_path_is_checked_like_any_other(string path) =>
        Assert.Contains("no plain path", await _bench.RefusalAsync(new RawTar().File("Dockerfile").Pax('x', ("path", path)).File("a")), StringComparison.Ordinal);

    [Fact]
    public async Task A_path_or_target_longer_than_any_file_system_takes_is_refused()
    {
        var path = "top/" + new string('a', 5_000);

        Assert.Contains("4096", await _bench.RefusalAsync(new RawTar().File("Dockerfile").Pax('x', ("path", path)).File("a")), StringComparison.Ordinal);
        Assert.Contains("4096", await _bench.RefusalAsync(new RawTar().File("Dockerfile").Pax('x', ("linkpath", path)).Link("a", "b")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("99999999999999")]
    [InlineData("-1")]
    [InlineData("9223372036854775808")]
    [InlineData("ten")]
    [InlineData("")]
    public async Task A_pax_size_that_is_not_the_files_own_ends_in_a_sentence(string size) =>
        await AssertEndsAsync(new RawTar().File("Dockerfile").Pax('x', ("size", size)).File("a", "hello").File("b", "x"));

    [Fact]
    public async Task A_pax_size_cannot_make_a_file_out_of_anothers_content()
    {
        // To a reader that overlooks the size, the content of a is a file dockerInfo.json.
        var hidden = new RawTar().File("dockerInfo.json", "evil").Part();
        var tar = new RawTar().File("Dockerfile").Pax('x', ("size", hidden.Length.ToString(System.Globalization.CultureInfo.InvariantCulture)))
            .Add("top/a", '0', hidden, size: 0);

        Assert.Null(await _bench.InfoAsync(tar));
        Assert.Equal(["Dockerfile", "a"], (await _bench.ContextAsync(tar)).Select(entry => entry.Name));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    [InlineData(1L << 62)]
    public async Task A_size_in_base_256_that_cannot_be_ends_in_a_sentence(long size) =>
        await AssertEndsAsync(new RawTar().File("Dockerfile").Add("top/a", '0', change: header => RawTar.Base256(header, 124, 12, size)));

    [Theory]
    [InlineData('x')]
    [InlineData('g')]
    [InlineData('L')]
    [InlineData('K')]
    public async Task A_header_of_gigabytes_is_refused_before_it_is_read(char type)
    {
        foreach (var size in new[] { 2L << 20, 1L << 30, 2L << 30 })
        {
            var head = new RawTar().Add("top/a", type, change: header => RawTar.Base256(header, 124, 12, size)).Part();
            var download = new RepeatedStream(RawTar.Gzip(head), RawTar.Gzip(new byte[1 << 20]), 4_000);

            Assert.Contains("header", await _bench.RefusalAsync(download), StringComparison.Ordinal);
            Assert.InRange(download.BytesRead, 1, 1 << 20);
        }
    }

    [Fact]
    public async Task Metadata_that_describes_no_entry_or_metadata_ends_in_a_sentence()
    {
        await AssertEndsAsync(new RawTar().File("Dockerfile").Pax('x', ("path", "top/a")));
        await AssertEndsAsync(new RawTar().File("Dockerfile").Pax('x', ("path", "top/a")).Pax('x', ("path", "top/b")).File("c"));
        await AssertEndsAsync(new RawTar().File("Dockerfile").Add("L", 'L', Encoding.UTF8.GetBytes("top/a")).Add("L", 'L', Encoding.UTF8.GetBytes("top/b")).File("c"));
        await AssertEndsAsync(new RawTar().File("Dockerfile").Pax('x', ("path", "top/a")).Pax('g', ("path", "top/b")).File("c"));
    }

    [Theory]
    [InlineData("path", "top/evil/../../x")]
    [InlineData("linkpath", "/etc/passwd")]
    [InlineData("size", "1")]
    [InlineData("comment", "0123456789")]
    [InlineData("mtime", "1e999")]
    public async Task A_global_header_ends_in_a_sentence_or_changes_nothing(string key, string value) =>
        await AssertEndsAsync(new RawTar().Pax('g', (key, value)).File("Dockerfile").File("a", "hello"));

    [Theory]
    [InlineData("99999999999999999999")]
    [InlineData("-62135596801")]
    [InlineData("253402300800")]
    [InlineData("1e400")]
    [InlineData("NaN")]
    [InlineData("0.123456789012345678901234567890123456789")]
    public async Task A_time_out_of_range_ends_in_a_sentence(string time) =>
        await AssertEndsAsync(new RawTar().File("Dockerfile").Pax('x', ("mtime", time), ("atime", time), ("ctime", time)).File("a"));

    [Fact]
    public async Task Numbers_at_their_ends_come_out_plain_or_in_a_sentence()
    {
        foreach (var number in new[] { -1, long.MinValue, long.MaxValue, int.MaxValue, uint.MaxValue, 0x7FFF_FFFF_FFFF })
        {
            foreach (var (offset, length) in new[] { (100, 8), (108, 8), (116, 8), (136, 12), (329, 8), (337, 8) })
            {
                await AssertEndsAsync(new RawTar().File("Dockerfile").Add("top/a", '0', change: header => RawTar.Base256(header, offset, length, number)));
                await AssertEndsAsync(new RawTar().File("Dockerfile").Add("top/a", '0', change: header => RawTar.Put(header, offset, length, "77777777777"[..(length - 1)])));
            }
        }
    }

    [Fact]
    public async Task A_sparse_file_of_gnu_is_refused_and_one_of_pax_is_its_bytes()
    {
        var gnu = new RawTar().File("Dockerfile").Add("top/a", 'S', change: header => RawTar.Put(header, 483, 12, "77777777777"));
        var pax = new RawTar().File("Dockerfile")
            .Pax('x', ("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "top/../evil"), ("GNU.sparse.realsize", "99999999999999"))
            .File("a", "1\n0\n5\n");

        Assert.Contains("sparse file", await _bench.RefusalAsync(gnu), StringComparison.Ordinal);
        Assert.Contains(("a", "1\n0\n5\n"), await _bench.ContextAsync(pax));
    }

    [Fact]
    public async Task A_wrong_checksum_makes_no_name_that_is_not_checked()
    {
        await AssertEndsAsync(new RawTar().File("Dockerfile").Add("top/a", '0', spoil: header => header[6]++));
        await AssertEndsAsync(new RawTar().File("Dockerfile").Add("top/a", '0', spoil: header => header.AsSpan(148, 8).Clear()));
        Assert.Contains("no plain path", await _bench.RefusalAsync(new RawTar().File("Dockerfile").Add("top/a", '0', spoil: header => RawTar.Put(header, 0, 100, "top/../a"))), StringComparison.Ordinal);
    }

    /// <summary>A refusal, a fault that a retry may cure, or a context in which every name is a plain one.</summary>
    private async Task AssertEndsAsync(RawTar tar)
    {
        try
        {
            var context = await _bench.ContextAsync(tar);
            Assert.All(context, entry => Assert.DoesNotContain("..", entry.Name.Split('/')));
        }
        catch (Exception e) when (e is SourceRefusedException or SourceUnavailableException)
        {
            Assert.EndsWith(".", e.Message, StringComparison.Ordinal);
        }
    }
}
