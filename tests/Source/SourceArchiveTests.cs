using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Ci.BuildKit;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Source;
using Ci.Pipeline.Source.Archive;
using Ci.Pipeline.Source.Context;
using Ci.Pipeline.Source.DockerInfo;
using Ci.Tests.BuildKit;

namespace Ci.Tests.Source;

public sealed class SourceArchiveTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;
    private static readonly ImageSpec Whole = new() { Name = "a", Version = "1", DockerfilePath = "Dockerfile" };

    [Fact]
    public async Task The_context_is_the_repository_without_its_top_folder()
    {
        var context = await ContextAsync(Whole, File("Dockerfile", "FROM x"), Folder("src"), File("src/main.c", "int"));

        Assert.Equal(["Dockerfile", "src/", "src/main.c"], context.Keys);
        Assert.Equal("int", context["src/main.c"]);
    }

    [Fact]
    public async Task A_context_folder_is_cut_out_and_its_own_ignore_file_counts()
    {
        var image = Whole with { Context = "api", DockerfilePath = "api/Dockerfile" };

        var context = await ContextAsync(
            image, File(".dockerignore", "*"), File("api/Dockerfile", "FROM x"), File("api/.dockerignore", "*.md"), File("api/a.md", ""), File("apix/b", ""), File("api/c", ""));

        Assert.Equal([".dockerignore", "Dockerfile", "c"], context.Keys);
    }

    [Fact]
    public async Task Small_files_and_large_ones_and_as_many_as_are_not_kept_are_all_there()
    {
        TarEntry[] many = [.. Enumerable.Range(0, 100).Select(i => File($"many/{i:D3}", new string((char)('a' + (i % 26)), 60_000)))];

        var context = await ContextAsync(Whole, [File("Dockerfile", "FROM x"), File("large", new string('l', 200_000)), .. many, File("last", "small")]);

        Assert.Equal(103, context.Count);
        Assert.Equal(new string('v', 60_000), context["many/099"]);
    }

    [Fact]
    public async Task Of_two_entries_of_one_path_the_last_is_the_file()
    {
        await using var archive = await SpoolAsync(new SourceOptions(), File("Dockerfile", "FROM first"), File("Dockerfile", "FROM last"));

        var served = await AskingForAll.ReadAsync(archive.FilesOf(Whole, null)!, Cancellation);

        Assert.Equal("FROM last", Encoding.UTF8.GetString(Assert.Single(served).Content));
    }

    [Fact]
    public async Task A_dockerfile_outside_the_context_is_sent_along_and_hidden_from_the_build()
    {
        var image = Whole with { Context = "api", DockerfilePath = "docker/api.Dockerfile" };

        var context = await ContextAsync(image, File("api/main", "x"), File("docker/api.Dockerfile", "FROM outside"));

        var name = ContextFilter.DockerfileName(image);
        Assert.Equal("FROM outside", context[name]);
        Assert.Contains(name, context[".dockerignore"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_dockerfiles_own_ignore_file_goes_first()
    {
        var context = await ContextAsync(
            Whole, File("Dockerfile", ""), File(".dockerignore", "a"), File("Dockerfile.dockerignore", "b"), File("a", ""), File("b", ""));

        Assert.Contains("a", context.Keys);
        Assert.DoesNotContain("b", context.Keys);
    }

    [Fact]
    public async Task A_missing_dockerfile_is_refused_with_a_hint()
    {
        var image = Whole with { Context = "api", DockerfilePath = "prod.Dockerfile" };

        var e = await Assert.ThrowsAsync<SourceRefusedException>(() => ContextAsync(image, File("api/prod.Dockerfile", "")));

        Assert.Contains("Did you mean \"api/prod.Dockerfile\"?", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_context_is_refused()
    {
        var e = await Assert.ThrowsAsync<SourceRefusedException>(
            () => ContextAsync(Whole with { Context = "nowhere" }, File("Dockerfile", "")));

        Assert.Contains("nowhere", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Links_within_the_repository_and_long_and_foreign_names_survive()
    {
        var deep = string.Join('/', Enumerable.Repeat("a-rather-long-folder-name", 8)) + "/größe-日本.txt";

        var context = await ContextAsync(Whole, File("Dockerfile", ""), File(deep, "x"), Link("link", "Dockerfile"), Link("abs", "/dev/null"));

        Assert.Equal("x", context[deep]);
        Assert.Equal("-> Dockerfile", context["link"]);
        Assert.Equal("-> /dev/null", context["abs"]);
    }

    public static TheoryData<string, string> Tricks => new()
    {
        { "traversal", "leaves the repository" },
        { "absolute", "leaves the repository" },
        { "device", "device" },
        { "hardlink", "hard link" },
        { "linkout", "outside the repository" },
        { "through", "below" },
        { "secondtop", "outside the archive's one folder" },
    };

    [Theory]
    [MemberData(nameof(Tricks))]
    public async Task Tricks_are_refused_by_name(string trick, string words)
    {
        TarEntry[] entries = trick switch
        {
            "traversal" => [new GnuTarEntry(TarEntryType.RegularFile, "top/../../etc/passwd")],
            "absolute" => [new GnuTarEntry(TarEntryType.RegularFile, "/etc/passwd")],
            "device" => [new GnuTarEntry(TarEntryType.CharacterDevice, "top/null")],
            "hardlink" => [new GnuTarEntry(TarEntryType.HardLink, "top/h") { LinkName = "/etc/passwd" }],
            "linkout" => [Link("x/l", "../../outside")],
            "through" => [Link("l", "x"), File("l/f", "")],
            _ => [File("a", ""), new GnuTarEntry(TarEntryType.RegularFile, "second/a")],
        };

        var e = await Assert.ThrowsAsync<SourceRefusedException>(() => SpoolAsync(new SourceOptions(), entries));

        Assert.Contains(words, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_decompression_bomb_is_stopped()
    {
        var bomb = new GnuTarEntry(TarEntryType.RegularFile, "top/zeros") { DataStream = new MemoryStream(new byte[10_000_000]) };

        var e = await Assert.ThrowsAsync<SourceRefusedException>(() => SpoolAsync(new SourceOptions { MaxUnpackedBytes = 1_000_000 }, bomb));

        Assert.Contains("Source__MaxUnpackedBytes", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_too_large_archive_and_too_many_entries_are_refused_with_the_setting()
    {
        var large = await Assert.ThrowsAsync<SourceRefusedException>(() => SpoolAsync(new SourceOptions { MaxArchiveBytes = 10 }, File("a", "x")));
        var many = await Assert.ThrowsAsync<SourceRefusedException>(() => SpoolAsync(new SourceOptions { MaxEntries = 1 }, File("a", ""), File("b", "")));

        Assert.Contains("Source__MaxArchiveBytes", large.Message, StringComparison.Ordinal);
        Assert.Contains("Source__MaxEntries", many.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Something_that_is_no_archive_is_refused() =>
        await Assert.ThrowsAsync<SourceRefusedException>(
            () => SourceArchive.SpoolAsync(new MemoryStream(Encoding.UTF8.GetBytes("<html>not an archive</html>")), new SourceOptions(), Cancellation));

    [Fact]
    public async Task A_download_that_breaks_off_is_something_a_retry_may_cure() =>
        await Assert.ThrowsAsync<SourceUnavailableException>(
            () => SourceArchive.SpoolAsync(new BrokenStream(), new SourceOptions(), Cancellation));

    [Fact]
    public void What_a_killed_process_left_is_removed_and_nothing_else()
    {
        var folder = Directory.CreateTempSubdirectory("ci-sweep-");
        var names = new[] { "ci-source-left.tar.gz", "ci-source-new.tar.gz", "mine.tar.gz" };
        foreach (var name in names)
        {
            System.IO.File.WriteAllText(Path.Combine(folder.FullName, name), "");
        }

        System.IO.File.SetLastWriteTimeUtc(Path.Combine(folder.FullName, names[0]), DateTime.UtcNow.AddMinutes(-1));
        System.IO.File.SetLastWriteTimeUtc(Path.Combine(folder.FullName, names[2]), DateTime.UtcNow.AddMinutes(-1));

        SourceArchive.Sweep(new SourceOptions { TempDirectory = folder.FullName }, DateTimeOffset.UtcNow);

        Assert.Equal(names[1..], folder.EnumerateFiles().Select(file => file.Name).Order());
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Nothing_is_left_in_the_temporary_folder()
    {
        var folder = Directory.CreateTempSubdirectory("ci-spool-");
        var options = new SourceOptions { TempDirectory = folder.FullName };

        await using (await SpoolAsync(options, File("a", "")))
        {
        }

        await Assert.ThrowsAsync<SourceRefusedException>(() => SpoolAsync(options, Link("l", "../../x")));
        Assert.Empty(folder.EnumerateFiles());
        folder.Delete();
    }

    [Fact]
    public async Task Two_contexts_have_the_same_hash_exactly_when_they_have_the_same_files()
    {
        var random = new Random(20261123);
        var seen = new Dictionary<string, string>();
        for (var i = 0; i < 400; i++)
        {
            var (image, entries) = Generate(random);
            var context = string.Join('\0', await ContextAsync(image, entries()));
            await using var archive = await SpoolAsync(new SourceOptions(), entries());
            var hash = Convert.ToHexString(archive.ContextHash(image, Cancellation)!);

            Assert.True(seen.TryAdd(hash, context) || seen[hash] == context, "two contexts with one hash");
            Assert.True(seen.Count(other => other.Value == context) == 1, "one context with two hashes");
        }

        Assert.InRange(seen.Count, 20, 390);
    }

    [Fact]
    public async Task A_file_that_runs_is_another_and_the_time_of_a_file_does_not_count()
    {
        async Task<string> HashAsync(Func<GnuTarEntry> script)
        {
            await using var archive = await SpoolAsync(new SourceOptions(), File("Dockerfile", ""), script());
            return Convert.ToHexString(archive.ContextHash(Whole, Cancellation)!);
        }

        var plain = await HashAsync(() => File("run", "x"));

        Assert.Equal(plain, await HashAsync(() => { var entry = File("run", "x"); entry.ModificationTime = DateTimeOffset.UnixEpoch; return entry; }));
        Assert.NotEqual(plain, await HashAsync(() => { var entry = File("run", "x"); entry.Mode |= UnixFileMode.UserExecute; return entry; }));
    }

    [Fact]
    public async Task Of_a_commit_with_too_many_files_no_hash_is_kept()
    {
        await using var archive = await SpoolAsync(new SourceOptions(), [.. Enumerable.Range(0, ContentIndex.MaxFiles + 1).Select(i => Folder($"f{i}"))]);

        Assert.Null(archive.ContextHash(Whole, Cancellation));
    }

    /// <summary>A few files of a few names and contents, in one of a few contexts: many of them are the same.</summary>
    private static (ImageSpec Image, Func<TarEntry[]> Entries) Generate(Random random)
    {
        var image = random.Next(3) switch
        {
            0 => Whole,
            1 => Whole with { Context = "a", DockerfilePath = "a/Dockerfile" },
            _ => Whole with { Context = "a" },
        };
        var ignore = random.Next(3);
        var files = new[] { "a/x", "a/y", "b/x" }.Where(_ => random.Next(2) == 0).Select(path => (path, kind: random.Next(3))).ToList();
        return (image, () =>
        [
            .. ignore == 0 ? [] : new TarEntry[] { File(".dockerignore", ignore == 1 ? "x" : "**/x") },
            File("Dockerfile", ""),
            File("a/Dockerfile", ""),
            .. files.Select(file => file.kind == 2 ? (TarEntry)Link(file.path, "Dockerfile") : File(file.path, file.kind == 0 ? "0" : "1")),
        ]);
    }

    private static GnuTarEntry File(string path, string content) => new(TarEntryType.RegularFile, "top/" + path)
    {
        DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)),
    };

    private static GnuTarEntry Folder(string path) => new(TarEntryType.Directory, "top/" + path + "/");

    private static GnuTarEntry Link(string path, string target) => new(TarEntryType.SymbolicLink, "top/" + path) { LinkName = target };

    private static async Task<SortedDictionary<string, string>> ContextAsync(ImageSpec image, params TarEntry[] entries)
    {
        await using var archive = await SpoolAsync(new SourceOptions(), entries);
        using var context = new MemoryStream();
        await archive.WriteContextAsync(image, context, Cancellation);
        context.Position = 0;
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var modes = new Dictionary<string, (UnixFileMode, DateTimeOffset)>();
        await using var reader = new TarReader(context);
        while (await reader.GetNextEntryAsync(copyData: true, Cancellation) is { } entry)
        {
            Assert.Equal((0, 0), (entry.Uid, entry.Gid));
            files.Add(entry.Name, entry.EntryType == TarEntryType.SymbolicLink ? "-> " + entry.LinkName
                : entry.DataStream is null ? "" : await new StreamReader(entry.DataStream).ReadToEndAsync(Cancellation));
            modes[entry.Name.TrimEnd('/')] = (entry.Mode, entry.ModificationTime);
        }

        await AssertServedAsync(files, modes, archive.FilesOf(image, null)!);
        return files;
    }

    /// <summary>File by file the context is the same as in one piece.</summary>
    private static async Task AssertServedAsync(
        SortedDictionary<string, string> files, Dictionary<string, (UnixFileMode, DateTimeOffset)> modes, ContextSource source)
    {
        var served = (await AskingForAll.ReadAsync(source, Cancellation)).Where(file => modes.ContainsKey(file.File.Path)).ToList();
        Assert.Equal(files, served.ToDictionary(
            file => file.File.Path + (file.File.Kind == ContextFileKind.Folder ? "/" : ""),
            file => file.File.Kind == ContextFileKind.Link ? "-> " + file.File.LinkTarget : Encoding.UTF8.GetString(file.Content)));
        Assert.All(served, file => Assert.Equal(modes[file.File.Path], (file.File.Mode, file.File.Modified)));
    }

    private static async Task<SourceArchive> SpoolAsync(SourceOptions options, params TarEntry[] entries)
    {
        using var bytes = new MemoryStream();
        await using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        await using (var tar = new TarWriter(gzip, TarEntryFormat.Pax))
        {
            await tar.WriteEntryAsync(new PaxGlobalExtendedAttributesTarEntry(new Dictionary<string, string> { ["comment"] = "0123" }), Cancellation);
            foreach (var entry in entries)
            {
                await tar.WriteEntryAsync(entry, Cancellation);
            }
        }

        bytes.Position = 0;
        return await SourceArchive.SpoolAsync(bytes, options, Cancellation);
    }

    private sealed class BrokenStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("The connection was reset.");
    }
}
