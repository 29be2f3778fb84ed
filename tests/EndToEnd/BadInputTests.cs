using System.Formats.Tar;
using System.IO.Compression;
using Ci.StandIn;
using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>What a commit can have wrong: each ends as <i>failed</i> with a sentence that tells a person what to do.</summary>
public sealed class BadInputTests(Azurite azurite, DockerEngine engine, DockerRegistry registry) : IAsyncLifetime
{
    private CiScenario _scenario = null!;

    public async ValueTask InitializeAsync() => _scenario = await CiScenario.StartAsync(azurite, engine, registry);

    public async ValueTask DisposeAsync() => await _scenario.DisposeAsync();

    [Fact]
    public async Task A_failing_step_is_failed_with_the_last_lines_of_the_log()
    {
        var build = await _scenario.OpenAsync(With("Dockerfile", $"FROM {DockerEngine.BaseImage}\nRUN echo about to break && exit 3\n"));

        AssertFailed(build, "exit 3", "exit code: 3");
        Assert.Contains(build.LogTail, line => line == "about to break");
    }

    [Fact]
    public async Task A_dockerfile_with_an_unknown_instruction_names_its_line()
    {
        var build = await _scenario.OpenAsync(With("Dockerfile", $"FROM {DockerEngine.BaseImage}\nRNU echo\n"));

        AssertFailed(build, "line 2", "RNU");
    }

    [Fact]
    public async Task A_missing_dockerfile_is_named()
    {
        var files = _scenario.Files("x");
        files.Remove("Dockerfile");

        AssertFailed(await _scenario.OpenAsync(files), "Dockerfile");
    }

    [Fact]
    public async Task A_dockerfile_outside_the_repository_is_refused_with_key_and_value()
    {
        var build = await _scenario.OpenAsync(With(
            "dockerInfo.json", $$"""{ "service_name": "{{_scenario.ServiceName}}", "version": "1", "dockerfile": "../Dockerfile" }"""));

        AssertFailed(build, "dockerfile", "../Dockerfile");
    }

    [Theory]
    [InlineData("""{ "service_name": "Not/Valid!", "version": "1" }""", "service_name", "Not/Valid!")]
    [InlineData("""{ "service_name": "ok", "version": "not valid" }""", "version", "not valid")]
    [InlineData("""{ "service_name": "ok" }""", "version", "missing")]
    [InlineData("""{ "service_name": 5, "version": "1" }""", "service_name", "5")]
    [InlineData("""{ "service_name": """, "dockerInfo.json", "JSON")]
    [InlineData("""{ "service_name": "ok", "version": "1", "context": "/etc" }""", "context", "/etc")]
    public async Task A_wrong_dockerInfo_names_the_key_and_the_value(string json, string key, string value) =>
        AssertFailed(await _scenario.OpenAsync(With("dockerInfo.json", json)), key, value);

    [Fact]
    public async Task An_unknown_base_image_is_named()
    {
        var build = await _scenario.OpenAsync(With("Dockerfile", $"FROM {registry.Address}/no/such:image\n"));

        AssertFailed(build, "base image", "no/such:image");
    }

    [Fact]
    public async Task A_step_that_prints_the_words_of_a_network_fault_is_still_the_commits_fault()
    {
        var build = await _scenario.OpenAsync(With("Dockerfile", $"FROM {DockerEngine.BaseImage}\nRUN echo connection refused && false\n"));

        Assert.Equal("failed", build.State);
        Assert.Equal(1, _scenario.Tries(build));
    }

    [Fact]
    public async Task A_commit_that_github_does_not_know_is_failed()
    {
        var build = await _scenario.DeliverUnknownCommitAsync();

        AssertFailed(build, new string('0', 12));
    }

    [Fact]
    public async Task An_archive_with_a_path_that_leaves_the_repository_is_failed_and_the_path_named()
    {
        _scenario.GitHub.Faults.Enqueue(new StandInFault { Path = "/codeload", Status = 200, Body = await TraversalAsync() });

        AssertFailed(await _scenario.OpenAsync(_scenario.Files("x")), "sample-repository/../../etc/cron.d/evil", "leaves the repository");
    }

    [Fact]
    public async Task No_stack_trace_is_shown()
    {
        var build = await _scenario.OpenAsync(With("Dockerfile", "FROM"));

        Assert.Equal("failed", build.State);
        Assert.DoesNotContain("   at ", await _scenario.LogAsync(build.Id), StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", build.Summary, StringComparison.Ordinal);
    }

    private static async Task<byte[]> TraversalAsync()
    {
        using var archive = new MemoryStream();
        await using (var gzip = new GZipStream(archive, CompressionLevel.Fastest, leaveOpen: true))
        await using (var tar = new TarWriter(gzip, TarEntryFormat.Gnu))
        {
            await tar.WriteEntryAsync(new GnuTarEntry(TarEntryType.RegularFile, "sample-repository/../../etc/cron.d/evil"));
        }

        return archive.ToArray();
    }

    private static void AssertFailed(BuildSeen build, params string[] words)
    {
        Assert.Equal(("failed", 1, build.Summary), (build.State, build.Attempts, build.Summary));
        Assert.All(words, word => Assert.Contains(word, build.Summary, StringComparison.Ordinal));
    }

    private Dictionary<string, string> With(string path, string content)
    {
        var files = _scenario.Files("x");
        files[path] = content;
        return files;
    }
}
