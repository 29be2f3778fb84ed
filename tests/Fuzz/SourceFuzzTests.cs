using System.Text;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Source.DockerIgnore;
using Ci.Pipeline.Source.DockerInfo;
using Ci.Tests.Source;

namespace Ci.Tests.Fuzz;

/// <summary>What a commit brings along: whatever it is, it is read, or refused with a sentence, and soon.</summary>
public sealed class SourceFuzzTests
{
    private static readonly string[] Infos =
    [
        """{ "service_name": "python_alphine", "version": "0.2.0" }""",
        """{ "$schema": "x", "service_name": "a/b.c", "version": "1", "context": "api/./x", "dockerfile": "docker/D", "target": "t", "args": { "A": "b" }, "labels": { "x.y": "z" }, "platform": "linux/amd64", "paths": ["api/**", "!*.md"] }""",
        """[ { "service_name": "a", "version": "1" }, { "service_name": "b", "version": "2", "context": "b" } ]""",
        """{ "images": [ { "service_name": "a", "version": "1", "paths": ["**/?x*", "/y"] } ], "$schema": "s", "more": 1 }""",
    ];

    private static readonly string[] Ignores =
    [
        "*\n!src\n!src/**/*.cs\n**/bin\n**/obj\n", "# comment\n.git\nnode_modules/\n*.md\n!README.md\n",
        "a/**/b/**/c\n[a-z]*[!x]?\\*\n../x\n/y/\n.\n", "**\n!dir/sub\n**a\nb**\n\\d[\\]]\n",
    ];

    private static readonly string[] Paths =
    [
        "a", "src/Program.cs", "README.md", "a/x/b/y/c", "dir/sub/file", ".git/config", "größe/日本.txt", "a\\b", "sp ace/[x]",
        string.Concat(Enumerable.Repeat("a/", 60)) + "b", new string('a', 4000),
    ];

    [Fact]
    public Task Any_dockerInfo_is_read_or_refused() => FuzzRun.OverAsync("dockerInfo.json", Infos, input =>
    {
        switch (DockerInfoReader.Read(input))
        {
            case DockerInfoResult.Valid { Info: var info }:
                Assert.NotEmpty(info.Images);
                Assert.All(info.Images, AssertSound);
                break;
            case DockerInfoResult.Invalid { Problem: var problem }:
                Assert.NotEmpty(problem);
                Assert.InRange(problem.Length, 1, 5_000);
                break;
        }

        return Task.CompletedTask;
    }, "service_name", "version", "\"images\":", "\"paths\":[", "null", "\"args\":{", "{}", "[]", "**/", ",");

    [Fact]
    public Task Any_dockerignore_is_read_or_refused() => FuzzRun.OverAsync(".dockerignore", Ignores, input =>
    {
        try
        {
            var ignore = DockerIgnoreFile.Parse(input, "Dockerfile");
            Assert.False(ignore.Excludes("Dockerfile") && !Encoding.UTF8.GetString(input).Contains('*', StringComparison.Ordinal));
            foreach (var path in Paths)
            {
                ignore.Excludes(path);
            }
        }
        catch (SourceRefusedException e)
        {
            Assert.InRange(e.Message.Length, 1, 5_000);
        }

        return Task.CompletedTask;
    }, "**", "*/", "!", "[a-z]", "[^", "\\", "(?", "{1000}", "\\b", "[[:alpha:]]", "a*a*a*a*a*", "**/a/**/a/");

    [Fact]
    public async Task Any_tar_is_read_or_refused()
    {
        using var bench = new ArchiveBench();
        await FuzzRun.OverAsync(
            "tar", Tars(), input => TakeAsync(bench, RawTar.Gzip(input)), "../", "ustar  ", "ustar\0", "00000000000", "top/",
            "30 path=top/../x\n", "12 size=99\n");
    }

    [Fact]
    public async Task Any_gzip_is_read_or_refused()
    {
        using var bench = new ArchiveBench();
        await FuzzRun.OverAsync("gzip", Tars().Select(tar => RawTar.Gzip(tar)), input => TakeAsync(bench, input));
    }

    private static IEnumerable<byte[]> Tars() =>
    [
        new RawTar().Pax('g', ("comment", new string('a', 40))).Add("top/", '5').File("Dockerfile", "FROM x")
            .File("dockerInfo.json", Infos[0]).Link("l", "Dockerfile").ToArray(),
        new RawTar().File("Dockerfile").Pax('x', ("path", "top/" + new string('p', 200)), ("size", "5"), ("mtime", "1.5"))
            .File("p", "hello").File(".dockerignore", "*\n!a").File("a", "x").ToArray(),
        new RawTar().File("Dockerfile").Add("././@LongLink", 'L', Encoding.UTF8.GetBytes("top/" + new string('l', 150) + "\0"))
            .File("l", "x").Add("././@LongLink", 'K', "Dockerfile\0"u8.ToArray()).Link("k", "x").ToArray(),
    ];

    private static async Task TakeAsync(ArchiveBench bench, byte[] archive)
    {
        bench.Options.MaxUnpackedBytes = 4 << 20;
        bench.Options.MaxEntries = 5_000;
        try
        {
            var context = await bench.ContextAsync(new MemoryStream(archive), ArchiveBench.Whole);
            Assert.All(context, entry => Assert.False(entry.Name.StartsWith('/') || entry.Name.Split('/').Contains("..")));
        }
        catch (Exception e) when (e is SourceRefusedException or SourceUnavailableException)
        {
            Assert.InRange(e.Message.Length, 1, 10_000);
        }
    }

    private static void AssertSound(ImageSpec image)
    {
        Assert.True(ImageName.IsRepository(image.Name) && ImageName.IsTag(image.Version));
        Assert.DoesNotContain("..", image.Context.Split('/'));
        Assert.DoesNotContain("..", image.DockerfilePath.Split('/'));
        PathGlobs.Matches(image.Paths, Paths);
    }
}
