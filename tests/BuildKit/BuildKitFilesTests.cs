using System.Security.Cryptography;
using Ci.BuildKit;
using Ci.Tests.Fixtures;

namespace Ci.Tests.BuildKit;

/// <summary>The engine asks for the files of the context one by one, over the session.</summary>
public sealed class BuildKitFilesTests(DockerEngine engine)
{
    private const string Base = DockerEngine.BaseImage;
    private const UnixFileMode Runs = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly Building _building = new(engine);

    [Fact]
    public async Task Only_what_the_Dockerfile_copies_is_read()
    {
        var context = new MemoryContext()
            .With("Dockerfile", $"FROM {Base}\nCOPY src/used.txt /\nCMD cat /used.txt\n")
            .With("src/used.txt", $"used {Guid.NewGuid()}")
            .With("src/unused.txt", "unused")
            .With("large.bin", new byte[1 << 20]);

        var image = await BuildAsync(context);

        Assert.StartsWith("used ", await PrintsAsync(image, "cat /used.txt"), StringComparison.Ordinal);
        Assert.Equal(["Dockerfile", "src/used.txt"], context.Read.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_dockerignore_leaves_out_does_not_come_in_although_all_is_copied()
    {
        var context = new MemoryContext()
            .With("Dockerfile", $"FROM {Base}\nCOPY . /all/\n")
            .With(".dockerignore", "**/*.log\nDockerfile\n.dockerignore\nfolder/*\n!folder/kept\n")
            .With("a.txt", $"{Guid.NewGuid()}")
            .With("b.log", "left out")
            .With("folder/kept", "kept")
            .With("folder/left", "left out");

        var image = await BuildAsync(context);

        Assert.Equal(
            ["/all", "/all/a.txt", "/all/folder", "/all/folder/kept"],
            (await PrintsAsync(image, "busybox find /all")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_file_of_some_megabytes_arrives_as_it_is()
    {
        var bytes = RandomNumberGenerator.GetBytes((5 << 20) + 17);

        var image = await BuildAsync(new MemoryContext().With("Dockerfile", $"FROM {Base}\nCOPY large /\n").With("large", bytes));

        Assert.StartsWith(Convert.ToHexStringLower(SHA256.HashData(bytes)), await PrintsAsync(image, "busybox sha256sum /large"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_file_a_link_a_mode_and_a_time_arrive_as_they_are()
    {
        var context = new MemoryContext()
            .With("Dockerfile", $"FROM {Base}\nCOPY things /things\n")
            .With("things/empty", "")
            .With(new ContextFile { Path = "things/runs", Size = 18, Mode = Runs, Modified = new DateTimeOffset(2024, 2, 29, 1, 2, 3, TimeSpan.Zero) }, "#!/bin/sh\necho ran\n"u8.ToArray())
            .With(new ContextFile { Path = "things/link", Kind = ContextFileKind.Link, LinkTarget = "runs", Mode = Runs });

        var image = await BuildAsync(context);

        Assert.Equal(
            "ran\nruns\n0\n744 1709168523",
            await PrintsAsync(image, "/things/link; busybox readlink /things/link; busybox wc -c < /things/empty; busybox stat -c '%a %Y' /things/runs"));
    }

    [Fact]
    public async Task A_copy_through_links_and_wildcards_gets_what_they_lead_to()
    {
        var context = new MemoryContext()
            .With("Dockerfile", $"FROM {Base}\nCOPY current/a*.txt package*.json /got/\n")
            .With(new ContextFile { Path = "current", Kind = ContextFileKind.Link, LinkTarget = "versions/../versions/2" })
            .With("versions/1/a.txt", "1")
            .With("versions/2/a.txt", $"2 {Guid.NewGuid()}")
            .With("versions/2/b.txt", "b")
            .With("package.json", "{}")
            .With("package-lock.json", "[]");

        var image = await BuildAsync(context);

        Assert.Equal("a.txt\npackage-lock.json\npackage.json", await PrintsAsync(image, "ls /got"));
        Assert.DoesNotContain("versions/1/a.txt", context.Read);
        Assert.DoesNotContain("versions/2/b.txt", context.Read);
    }

    [Fact]
    public async Task Names_in_every_script_and_order_arrive()
    {
        string[] names = ["a", "a.b", "a-b", "b/c", "b.c", "b-c", "ä", "\uE000private", "\U0001F40B whale", "with space, comma + plus%41", "日本/語"];
        var context = new MemoryContext().With(".dockerignore", "ünused\n").With("Dockerfile", $"FROM {Base}\nLABEL of={Guid.NewGuid()}\nCOPY . /all/\n");
        foreach (var name in names.Reverse())
        {
            context.With(name, name);
        }

        var image = await BuildAsync(context);

        var found = await PrintsAsync(image, "cd /all; busybox find . -type f ! -name Dockerfile ! -name .dockerignore -exec cat {} ';' -exec echo ';'");
        Assert.Equal(names.Order(StringComparer.Ordinal), found.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_copied_name_that_is_not_ASCII_is_found()
    {
        var image = await BuildAsync(new MemoryContext().With("Dockerfile", $"FROM {Base}\nCOPY [\"größe, 100%.txt\", \"/copied\"]\n").With("größe, 100%.txt", "found"));

        Assert.Equal("found", await PrintsAsync(image, "cat /copied"));
    }

    [Fact]
    public async Task A_dockerignore_of_a_thousand_long_lines_is_heeded()
    {
        var lines = string.Join('\n', Enumerable.Range(0, 1_000).Select(i => $"folder/{new string('x', 100)}/{i}"));
        var context = new MemoryContext()
            .With("Dockerfile", $"FROM {Base}\nCOPY . /all/\n")
            .With(".dockerignore", lines + "\nleft\n")
            .With("left", "out")
            .With("kept", $"{Guid.NewGuid()}");

        await BuildAsync(context);

        Assert.Equal([".dockerignore", "Dockerfile", "kept"], context.Read.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_context_of_a_name_that_was_sent_before_is_not_sent_again()
    {
        var name = $"{Guid.NewGuid()}";
        MemoryContext Context(string step) => new MemoryContext(name).With("Dockerfile", $"FROM {Base}\nCOPY file /\nRUN echo {step}\n").With("file", "content");
        await BuildAsync(Context("1"));
        var again = Context("2");

        await BuildAsync(again);

        Assert.DoesNotContain("file", again.Read);
    }

    [Fact]
    public async Task Contexts_without_a_name_share_nothing_although_sizes_and_times_agree()
    {
        MemoryContext Context(string content) => new MemoryContext().With("Dockerfile", $"FROM {Base}\nCOPY file /\n").With("file", content);
        await BuildAsync(Context("a stranger's"));

        var image = await BuildAsync(Context("one's own   "));

        Assert.Equal("one's own", await PrintsAsync(image, "cat /file"));
    }

    [Fact]
    public async Task What_the_source_throws_comes_out_as_it_is()
    {
        var context = new MemoryContext { Reading = (path, _) => path == "file" ? throw new TimeZoneNotFoundException("the disk is gone") : Task.CompletedTask }
            .With("Dockerfile", $"FROM {Base}\nCOPY file /\n")
            .With("file", $"{Guid.NewGuid()}");

        var e = await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => BuildAsync(context));

        Assert.Equal("the disk is gone", e.Message);
    }

    [Fact]
    public async Task A_build_that_is_stopped_while_files_are_read_stops_the_reading()
    {
        using var stop = new CancellationTokenSource();
        var stopped = new TaskCompletionSource();
        var context = new MemoryContext
        {
            Reading = async (path, cancellationToken) =>
            {
                if (path == "file")
                {
                    cancellationToken.Register(stopped.SetResult);
                    await stop.CancelAsync();
                    await stopped.Task.WaitAsync(TestEnvironment.Limit, CancellationToken.None);
                }
            },
        }.With("Dockerfile", $"FROM {Base}\nCOPY file /\n").With("file", $"{Guid.NewGuid()}");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _building.RunAsync(new BuildKitBuild { Files = context }, stop.Token));

        await stopped.Task.WaitAsync(TestEnvironment.Limit, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_Dockerfile_that_is_not_there_fails_the_build_in_words()
    {
        var e = await Assert.ThrowsAsync<BuildFailedException>(() => BuildAsync(new MemoryContext().With("other", "")));

        Assert.Contains("Dockerfile", e.Message, StringComparison.Ordinal);
    }

    private async Task<string> PrintsAsync(string image, string commands) => (await _building.PrintsAsync(image, "sh", "-c", commands)).Trim();

    private Task<string> BuildAsync(MemoryContext context) => _building.RunAsync(new BuildKitBuild { Files = context });
}
