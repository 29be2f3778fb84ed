using Ci.StandIn;
using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>Commits of large repositories: listed, built from what the Dockerfile copies, and fetched whole where that is not
/// enough.</summary>
public sealed class ListingTests(Azurite azurite, DockerEngine engine, DockerRegistry registry)
{
    private const int Many = 60;

    [Fact]
    public async Task A_build_that_copies_few_files_fetches_no_archive()
    {
        await using var scenario = await StartAsync();

        var build = await scenario.OpenAsync(scenario.Files("few"));

        Assert.Equal(("succeeded", 1), (build.State, scenario.Tries(build)));
        Assert.Equal("few", await engine.PullAndRunAsync(build.Images[0].Reference));
        Assert.Equal(0, Archives(scenario));
        Assert.Contains("Listed the source", await scenario.LogAsync(build.Id), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_build_that_copies_many_files_fetches_the_archive_once_and_has_them_all()
    {
        await using var scenario = await StartAsync();

        var build = await scenario.OpenAsync(ManyFiles(scenario));

        Assert.Equal(("succeeded", 1), (build.State, scenario.Tries(build)));
        Assert.Equal(Expected, await engine.PullAndRunAsync(build.Images[0].Reference));
        Assert.Equal(1, Archives(scenario));
    }

    [Fact]
    public async Task The_image_is_the_same_as_from_the_archive_and_each_way_finds_the_others()
    {
        await using var listing = await StartAsync();
        await using var fetching = await CiScenario.StartAsync(azurite, engine, registry);
        var files = listing.Files("the same");

        var listed = await listing.OpenAsync(files);
        var fetched = await fetching.OpenAsync(files);
        await engine.RunAsync("pull", "--quiet", listed.Images[0].Reference);
        await engine.RunAsync("pull", "--quiet", fetched.Images[0].Reference);

        Assert.Equal(1, Archives(fetching));
        Assert.Equal(await KeyAsync(fetched), await KeyAsync(listed));

        async Task<string> KeyAsync(BuildSeen build) => (await engine.LabelsAsync(build.Images[0].Reference))["ci.content"];
    }

    [Fact]
    public async Task An_unchanged_image_is_found_with_no_file_but_those_that_decide()
    {
        await using var scenario = await StartAsync();
        var files = ManyFiles(scenario);
        files[".dockerignore"] = "README.md\n";
        var first = await scenario.OpenAsync(files);
        var before = scenario.GitHub.Requests.Count;

        var second = await scenario.PushAsync(first.PullRequest, new(files) { ["README.md"] = "other words" });

        Assert.Equal(first.Images[0].Digest, second.Images[0].Digest);
        Assert.Equal(1, Archives(scenario));
        Assert.Equal(3, scenario.GitHub.Requests.Skip(before).Count(request => request.Contains("/git/blobs/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_archive_that_is_not_what_was_listed_is_taken_by_itself_at_the_next_try()
    {
        await using var scenario = await StartAsync();
        var other = await scenario.OpenAsync(scenario.Files("another commit"));
        var archive = await scenario.ArchiveAsync(other.Commit);
        scenario.GitHub.Faults.Enqueue(new StandInFault { Path = "/codeload", Status = 200, Body = archive });

        var build = await scenario.OpenAsync(ManyFiles(scenario));

        Assert.Equal(("succeeded", 2), (build.State, scenario.Tries(build)));
        Assert.Equal(Expected, await engine.PullAndRunAsync(build.Images[0].Reference));
        Assert.DoesNotContain("Listed", (await scenario.LogAsync(build.Id)).Split("attempt 2")[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/codeload", 0)]
    [InlineData("/codeload", 503)]
    [InlineData("/repos/sample/repository/tarball", 404)]
    public async Task An_archive_that_breaks_off_while_it_is_handed_over_is_fetched_again(string path, int status)
    {
        await using var scenario = await StartAsync();
        for (var i = 0; i < (status >= 500 ? 3 : 1); i++)
        {
            scenario.GitHub.Faults.Enqueue(new StandInFault { Path = path, Status = status });
        }

        // So large that the answer has begun before it is cut off: what is cut off before is asked for again at once.
        var build = await scenario.OpenAsync(ManyFiles(scenario), randomBytes: 8 << 20);

        Assert.Equal(("succeeded", 2), (build.State, scenario.Tries(build)));
        Assert.Equal(Expected, await engine.PullAndRunAsync(build.Images[0].Reference));
    }

    [Fact]
    public async Task A_repository_whose_size_nobody_told_is_fetched_as_before()
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry);

        var build = await scenario.OpenAsync(scenario.Files("small"));

        Assert.Equal(1, Archives(scenario));
        Assert.DoesNotContain(scenario.GitHub.Requests, request => request.Contains("/git/", StringComparison.Ordinal));
        Assert.Equal("small", await engine.PullAndRunAsync(build.Images[0].Reference));
    }

    [Fact]
    public async Task The_classic_builder_wants_all_and_is_given_the_archive_at_once()
    {
        await using var scenario = await StartAsync(("Docker__Builder", "Classic"));

        await scenario.OpenAsync(scenario.Files("classic"));

        Assert.Equal(1, Archives(scenario));
        Assert.DoesNotContain(scenario.GitHub.Requests, request => request.Contains("/git/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_build_that_is_stopped_while_the_archive_comes_in_leaves_nothing()
    {
        var folder = Directory.CreateTempSubdirectory("ci-temp-");
        await using var scenario = await StartAsync(("Source__TempDirectory", folder.FullName));
        var files = ManyFiles(scenario);
        files["Dockerfile"] = files["Dockerfile"].Replace("CMD", "RUN sleep 600\nCMD", StringComparison.Ordinal);

        var id = await scenario.OpenWithoutWaitingAsync(files);
        await scenario.UntilLoggedAsync(id, "sleep 600");
        await scenario.PostAsync($"api/builds/{id}/cancel");
        await scenario.EndOfAsync(id);

        Assert.Equal(1, Archives(scenario));
        Assert.Empty(folder.EnumerateFiles());
        await TestEnvironment.UntilAsync(() => Task.FromResult(!IsOpen(folder.FullName)), "the archive to be closed");
        folder.Delete();
    }

    private static string Expected => string.Join(' ', Enumerable.Range(0, Many).Select(i => $"{i:D2}"));

    private Task<CiScenario> StartAsync(params (string Name, string Value)[] settings) =>
        CiScenario.StartAsync(
            azurite, engine, registry, settings.Append(("Source__ListFrom", "1")).ToDictionary(s => s.Item1, s => (string?)s.Item2));

    private static Dictionary<string, string> ManyFiles(CiScenario scenario)
    {
        var files = scenario.Files("many");
        files["Dockerfile"] =
            $"FROM {DockerEngine.BaseImage}\nCOPY . /all/\nRUN cat /all/parts/* > /says.txt\nCMD [\"cat\", \"/says.txt\"]\n";
        for (var i = 0; i < Many; i++)
        {
            files[$"parts/{i:D2}"] = $"{i:D2} ";
        }

        return files;
    }

    private static int Archives(CiScenario scenario) =>
        scenario.GitHub.Requests.Count(request => request.Contains("/tarball/", StringComparison.Ordinal));

    /// <summary>A file without a name keeps its place on the disk for as long as somebody has it open; Linux tells who does.</summary>
    private static bool IsOpen(string folder) => OperatingSystem.IsLinux() && Directory.EnumerateDirectories("/proc")
        .Where(process => int.TryParse(Path.GetFileName(process), out _))
        .Any(process => Links(process).Any(target => target?.StartsWith(folder, StringComparison.Ordinal) == true));

    private static List<string?> Links(string process)
    {
        try
        {
            return [.. new DirectoryInfo(Path.Combine(process, "fd")).EnumerateFiles().Select(file => file.LinkTarget)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It ended meanwhile, or is another user's.
            return [];
        }
    }
}
