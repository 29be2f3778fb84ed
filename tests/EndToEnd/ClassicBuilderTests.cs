using System.Net.Sockets;
using System.Text.RegularExpressions;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Docker;
using Ci.Tests.Docker;
using Ci.Tests.Faults;
using Ci.Tests.Fixtures;
using DockerEngine = Ci.Tests.Fixtures.DockerEngine;

namespace Ci.Tests.EndToEnd;

/// <summary>What the classic builder builds is as quick and as well labelled as what BuildKit does.</summary>
public sealed class ClassicBuilderTests(Azurite azurite, DockerEngine engine, DockerRegistry registry)
{
    [Fact]
    public async Task Its_images_have_all_labels_and_ours_go_before_the_Dockerfiles()
    {
        await using var scenario = await StartAsync();
        var files = scenario.Files("labels");
        files["dockerInfo.json"] =
            $$"""{ "service_name": "{{scenario.ServiceName}}", "version": "0.2.0", "labels": { "team": "blue", "over": "dockerInfo" } }""";
        files["Dockerfile"] += "LABEL over=Dockerfile own=kept org.opencontainers.image.revision=forged\n";

        var build = await scenario.OpenAsync(files);

        var labels = await engine.LabelsAsync(build.Images[0].Reference);
        Assert.Equal(
            (build.Commit, build.Url, "0.2.0"),
            (labels["org.opencontainers.image.revision"], labels["org.opencontainers.image.url"],
             labels["org.opencontainers.image.version"]));
        Assert.Equal(
            ("blue", "dockerInfo", "kept", $"{build.PullRequest}"),
            (labels["team"], labels["over"], labels["own"], labels["ci.pull-request"]));
        Assert.NotEmpty(labels["ci.content"]);
        Assert.Equal("labels", (await engine.PullAndRunAsync(build.Images[0].Reference)).Trim());
    }

    [Fact]
    public async Task It_builds_where_the_engines_BuildKit_has_no_session()
    {
        await engine.StartAsync();
        await using var relay = new Relay(() => new UnixDomainSocketEndPoint(new Uri(engine.Host).LocalPath)) { Sent = ForgetSession };
        await using var scenario = await CiScenario.StartAsync(
            azurite, engine, registry, new Dictionary<string, string?> { ["Docker__Host"] = $"tcp://127.0.0.1:{relay.Port}" });

        var build = await scenario.OpenAsync(scenario.Files("without a session"));

        Assert.True(build.State == "succeeded", build.Summary);
        Assert.Matches(
            "With the classic builder: The engine's BuildKit builds without the session: .*(without session|no active sessions)",
            await scenario.LogAsync(build.Id));
        Assert.Equal("without a session", (await engine.PullAndRunAsync(build.Images[0].Reference)).Trim());
    }

    [Fact]
    public async Task A_commit_that_changes_no_step_has_every_step_from_the_cache_and_our_labels_are_one_of_them()
    {
        await using var scenario = await StartAsync();
        var first = await scenario.OpenAsync(Files(scenario, ""));

        var second = await scenario.PushAsync(first.PullRequest, Files(scenario, "another note"));

        var log = await scenario.LogAsync(second.Id);
        Assert.Contains("Step 5/5 : LABEL", log, StringComparison.Ordinal);
        Assert.Equal(4, Regex.Count(log, "---> Using cache"));
        Assert.DoesNotContain("Running in", log, StringComparison.Ordinal);
        Assert.NotEqual(first.Images[0].Digest, second.Images[0].Digest);
        Assert.Equal(second.Commit, (await engine.LabelsAsync(second.Images[0].Reference))["org.opencontainers.image.revision"]);
    }

    [Fact]
    public async Task What_it_leaves_in_the_engine_has_no_name_and_goes_with_our_label()
    {
        await using var own = new DockerEngine();
        await using var scenario = await StartAsync(own);
        await scenario.OpenAsync(Files(scenario, ""));
        var left = await own.RunAsync("images", "--filter", "label=" + ImageTags.OwnLabel, "--format", "{{.Repository}}:{{.Tag}}");

        await EngineCleanupTests.Room(new DockerOptions { Host = own.Host, KeepImages = TimeSpan.Zero }).PruneAsync(
            TestContext.Current.CancellationToken);

        Assert.Equal("<none>:<none>", left.Trim());
        Assert.Equal(
            [DockerEngine.BaseImage], (await own.RunAsync("images", "--all", "--format", "{{.Repository}}:{{.Tag}}"))
                .Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Images_that_are_the_same_do_not_disturb_each_other()
    {
        await using var scenario = await StartAsync();
        var files = Files(scenario, "");
        files["dockerInfo.json"] = $"[{string.Join(", ", Enumerable.Range(1, 6).Select(n => $$"""{ "service_name": "{{scenario.ServiceName}}/{{n}}", "version": "1" }"""))}]";

        var first = await scenario.OpenAsync(files);
        var second = await scenario.PushAsync(first.PullRequest, new(files) { ["note.txt"] = "all from the cache" });

        Assert.Equal(("succeeded", 6, 1), (first.State, first.Images.Length, scenario.Tries(first)));
        Assert.Equal(("succeeded", 6, 1), (second.State, second.Images.Length, scenario.Tries(second)));
    }

    [Fact]
    public async Task What_a_dead_worker_pushed_and_did_not_label_is_built_again()
    {
        await using var scenario = await StartAsync();
        var first = await scenario.OpenAsync(Files(scenario, ""));
        var (commit, delivery) = await scenario.PreparePushAsync(first.PullRequest, Files(scenario, "another note"));
        await registry.PushAsync(engine, DockerEngine.BaseImage, $"{scenario.ServiceName}:sha-{commit[..12]}");

        var (_, answer) = await scenario.DeliverAsync(delivery);
        var second = await scenario.EndOfAsync(answer["id"]!.ToString());

        Assert.Contains("Step 1/", await scenario.LogAsync(second.Id), StringComparison.Ordinal);
        Assert.Equal(second.Commit, (await engine.LabelsAsync(second.Images[0].Reference))["org.opencontainers.image.revision"]);
    }

    /// <summary>Has the engine ignore which session a build belongs to.</summary>
    private static void ForgetSession(Memory<byte> sent)
    {
        var bytes = sent.Span;
        if (bytes.StartsWith("POST "u8) && bytes.IndexOf("session="u8) is >= 0 and var place)
        {
            bytes[place] = (byte)'x';
        }
    }

    private Task<CiScenario> StartAsync(DockerEngine? other = null) =>
        CiScenario.StartAsync(azurite, other ?? engine, registry, new Dictionary<string, string?> { ["Docker__Builder"] = "Classic" });

    private static Dictionary<string, string> Files(CiScenario scenario, string note) =>
        new(scenario.Files("the same in " + scenario.ServiceName))
    {
        ["Dockerfile"] =
            $"FROM {DockerEngine.BaseImage}\nCOPY says.txt /says.txt\nCMD [\"cat\", \"/says.txt\"]\nRUN cat /says.txt > /again\n",
        ["note.txt"] = note,
    };
}
