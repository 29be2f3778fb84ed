using System.Text.Json.Nodes;
using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>The main job on real parts: a delivery at one end, an image to pull at the other.</summary>
public sealed class PullRequestTests(Azurite azurite, DockerEngine engine, DockerRegistry registry) : IAsyncLifetime
{
    private CiScenario _scenario = null!;

    public async ValueTask InitializeAsync() => _scenario = await CiScenario.StartAsync(azurite, engine, registry);

    public async ValueTask DisposeAsync() => await _scenario.DisposeAsync();

    [Fact]
    public async Task An_opened_pull_request_becomes_an_image_that_runs()
    {
        var build = await _scenario.OpenAsync(Files("hello from a pull request"));

        Assert.Equal("succeeded", build.State);
        var image = Assert.Single(build.Images);
        Assert.Equal(["pr-" + build.PullRequest, "sha-" + build.Commit[..12]], image.Tags);
        Assert.Equal("hello from a pull request", await engine.PullAndRunAsync(image.Reference));
        Assert.Equal(image.Digest, await registry.DigestAsync(image.Name, image.Tags[1]));
    }

    [Fact]
    public async Task The_two_key_file_is_enough()
    {
        var build = await _scenario.OpenAsync(Files("two keys"));

        Assert.Equal($"{registry.Address}/{_scenario.ServiceName}:pr-{build.PullRequest}", Assert.Single(build.Images).Reference);
        Assert.Empty(build.Warnings);
    }

    [Fact]
    public async Task A_push_moves_the_pull_requests_tag_to_the_new_commit()
    {
        var first = await _scenario.OpenAsync(Files("first"));
        var second = await _scenario.PushAsync(first.PullRequest, Files("second"));

        Assert.Equal("second", await engine.PullAndRunAsync(second.Images[0].Reference));
        Assert.Equal(first.Images[0].Reference, second.Images[0].Reference);
        Assert.NotEqual(first.Images[0].Digest, second.Images[0].Digest);
    }

    [Fact]
    public async Task A_merge_publishes_the_version_and_latest()
    {
        var opened = await _scenario.OpenAsync(Files("merged"));
        var merged = await _scenario.MergeAsync(opened.PullRequest);

        Assert.Equal("succeeded", merged.State);
        Assert.Equal(["0.2.0", "latest", "sha-" + merged.Commit[..12]], merged.Images[0].Tags);
        Assert.Equal(opened.Commit, merged.Commit);
        Assert.Equal("merged", await engine.PullAndRunAsync($"{registry.Address}/{_scenario.ServiceName}:latest"));
    }

    [Fact]
    public async Task The_image_carries_labels_that_lead_back_to_the_pull_request()
    {
        var build = await _scenario.OpenAsync(Files("labels"));

        var labels = await engine.LabelsAsync(build.Images[0].Reference);

        Assert.Equal(build.Commit, labels["org.opencontainers.image.revision"]);
        Assert.Equal("0.2.0", labels["org.opencontainers.image.version"]);
        Assert.Equal(build.Url, labels["org.opencontainers.image.url"]);
        Assert.Equal($"{build.PullRequest}", labels["ci.pull-request"]);
    }

    [Fact]
    public async Task The_engine_keeps_no_name_of_the_image()
    {
        var build = await _scenario.OpenAsync(Files("no leftovers"));

        Assert.DoesNotContain(await engine.ImageNamesAsync(), name => name.Contains(build.Images[0].Name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Several_images_come_from_one_commit()
    {
        var name = _scenario.ServiceName;
        var build = await _scenario.OpenAsync(new()
        {
            ["dockerInfo.json"] = $$"""
                { "images": [
                  { "service_name": "{{name}}/api", "version": "1", "context": "api", "args": { "WHO": "api" } },
                  { "service_name": "{{name}}/web", "version": "2", "dockerfile": "docker/web.Dockerfile", "target": "final", "labels": { "team": "web" } }
                ] }
                """,
            ["api/Dockerfile"] = $"FROM {DockerEngine.BaseImage}\nARG WHO\nRUN echo -n \"I am $WHO\" > /who\nCMD [\"cat\", \"/who\"]\n",
            ["docker/web.Dockerfile"] = $"FROM {DockerEngine.BaseImage} AS final\nCOPY page.html /page.html\nCMD [\"cat\", "
                + "\"/page.html\"]\nFROM final\nRUN false\n",
            ["page.html"] = "web page",
        });

        Assert.Equal("I am api", await engine.PullAndRunAsync(build.Images[0].Reference));
        Assert.Equal("web page", await engine.PullAndRunAsync(build.Images[1].Reference));
        Assert.Equal("web", (await engine.LabelsAsync(build.Images[1].Reference))["team"]);
    }

    [Fact]
    public async Task Images_that_are_built_at_once_stand_one_behind_the_other_in_the_log()
    {
        var name = _scenario.ServiceName;
        string Image(string which) =>
            $$"""{ "service_name": "{{name}}/{{which}}", "version": "1", "dockerfile": "{{which}}/Dockerfile" }""";
        var once = Guid.NewGuid().ToString("n");
        var build = await _scenario.OpenAsync(new()
        {
            ["dockerInfo.json"] = $"[{Image("slow")}, {Image("fast")}]",
            ["slow/Dockerfile"] = $"FROM {DockerEngine.BaseImage}\nRUN echo {once} slow begins; sleep 2; echo slow ends\n",
            ["fast/Dockerfile"] = $"FROM {DockerEngine.BaseImage}\nRUN echo {once} fast begins\n",
        });

        var log = await _scenario.LogAsync(build.Id);
        var said = new[] { $"Building {name}/slow", "slow ends", $"{name}/slow]", $"Building {name}/fast", "fast begins", $"{name}/fast]" };
        Assert.Equal(said, said.OrderBy(words => log.LastIndexOf(words, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_emptied_engine_takes_its_cache_from_the_registry_by_setting()
    {
        await using var emptied = new DockerEngine();
        await using var scenario = await CiScenario.StartAsync(
            azurite, emptied, registry, new Dictionary<string, string?> { ["Registry__Cache"] = "true" });
        var files = scenario.SlowFiles("cached", "echo made once");
        var first = await scenario.OpenAsync(files);
        await emptied.EmptyCacheAsync();

        files["says.txt"] = "changed";
        var second = await scenario.PushAsync(first.PullRequest, files);

        var log = (await scenario.LogAsync(second.Id)).Split('\n');
        Assert.Contains(
            " ---> CACHED", log[Array.FindIndex(log, line => line.Contains(": RUN echo made once", StringComparison.Ordinal)) + 1],
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Images_that_are_the_same_do_not_disturb_each_other()
    {
        var files = Files("one for all");
        files["dockerInfo.json"] = $"[{string.Join(", ", Enumerable.Range(1, 6).Select(n => $$"""{ "service_name": "{{_scenario.ServiceName}}/{{n}}", "version": "1" }"""))}]";

        var build = await _scenario.OpenAsync(files);

        Assert.Equal(("succeeded", 6), (build.State, build.Images.Select(image => image.Reference).Distinct().Count()));
        Assert.Equal(1, _scenario.Tries(build));
    }

    [Fact]
    public async Task An_image_is_built_only_when_the_pull_request_touches_its_paths()
    {
        var name = _scenario.ServiceName;
        var build = await _scenario.OpenAsync(new()
        {
            ["dockerInfo.json"] = $$"""
                [ { "service_name": "{{name}}/a", "version": "1", "dockerfile": "a/Dockerfile", "paths": ["a/**"] },
                  { "service_name": "{{name}}/b", "version": "1", "dockerfile": "b/Dockerfile", "paths": ["b/**"] } ]
                """,
            ["a/Dockerfile"] = $"FROM {DockerEngine.BaseImage}\n",
        });

        Assert.Equal(name + "/a", Assert.Single(build.Images).Name);
    }

    [Fact]
    public async Task A_commit_without_the_file_has_nothing_to_build()
    {
        var build = await _scenario.OpenAsync(new() { ["README"] = "nothing here" });

        Assert.Equal(("succeeded", $"no dockerInfo.json at {build.Commit[..12]}: nothing to build"), (build.State, build.Summary));
        Assert.Empty(build.Images);
    }

    [Fact]
    public async Task An_unknown_key_is_a_warning()
    {
        var files = Files("warned");
        files["dockerInfo.json"] = $$"""{ "service_name": "{{_scenario.ServiceName}}", "version": "1", "dockerfiel": "x" }""";

        var build = await _scenario.OpenAsync(files);

        Assert.Equal("succeeded", build.State);
        Assert.Contains("dockerfiel", Assert.Single(build.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ignored_files_do_not_reach_the_image()
    {
        var files = Files("ignored");
        files["secret.txt"] = "not for the image";
        files[".dockerignore"] = "*.txt\n";
        files["Dockerfile"] = $"FROM {DockerEngine.BaseImage}\nCOPY . /all\nCMD [\"ls\", \"/all\"]\n";

        var build = await _scenario.OpenAsync(files);

        Assert.DoesNotContain("secret.txt", await engine.PullAndRunAsync(build.Images[0].Reference), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_log_shows_the_steps_and_can_be_read_on_from_an_offset()
    {
        var build = await _scenario.OpenAsync(Files("logged"));

        var log = await _scenario.LogAsync(build.Id);
        var rest = await _scenario.LogAsync(build.Id, offset: 100);

        Assert.Contains("Step 1/", log, StringComparison.Ordinal);
        Assert.Contains("digest: sha256:", log, StringComparison.Ordinal);
        Assert.Matches(@"^ +\d+\.\ds  Build of ", log);
        Assert.Equal(log[100..], rest);
        Assert.Equal("", await _scenario.LogAsync(build.Id, offset: log.Length));
    }

    [Fact]
    public async Task The_list_has_the_newest_build_first()
    {
        var first = await _scenario.OpenAsync(Files("one"));
        var second = await _scenario.OpenAsync(Files("two"));

        var ids = (await _scenario.ListAsync(count: 1000)).Select(b => b["id"]!.GetValue<string>()).Where(
            id => id == first.Id || id == second.Id);

        Assert.Equal([second.Id, first.Id], ids);
    }

    [Fact]
    public async Task A_redelivery_of_what_is_built_builds_nothing()
    {
        var build = await _scenario.OpenAsync(Files("once"));

        var (status, answer) = await _scenario.RedeliverLastAsync();

        Assert.Equal(200, status);
        Assert.StartsWith(
            $"already built as {build.Images[0].Reference}: ", answer["verdict"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(1, _scenario.Tries(await _scenario.BuildAsync(build.Id)));
    }

    [Fact]
    public async Task The_message_that_waits_is_json_a_person_understands()
    {
        var build = await _scenario.OpenAsync(Files("message"));

        var message = JsonNode.Parse(await _scenario.RecordedMessageAsync(build.Id))!;

        Assert.Equal(1, message["version"]!.GetValue<int>());
        Assert.Equal(build.Commit, message["commit"]!.GetValue<string>());
    }

    private Dictionary<string, string> Files(string says) => _scenario.Files(says);
}
