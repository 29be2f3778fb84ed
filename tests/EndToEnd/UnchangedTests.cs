using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>An image whose build would give what is in the registry already is tagged, and no other.</summary>
public sealed class UnchangedTests(Azurite azurite, DockerEngine engine, DockerRegistry registry)
{
    [Fact]
    public async Task A_push_that_touches_nothing_of_an_image_tags_the_one_that_is_there()
    {
        await using var scenario = await StartAsync();
        var first = await scenario.OpenAsync(InFolder(scenario, "hello"));

        var second = await scenario.PushAsync(first.PullRequest, new(InFolder(scenario, "hello")) { ["README.md"] = "other words" });

        Assert.Equal(first.Images[0].Digest, second.Images[0].Digest);
        Assert.Equal([$"pr-{first.PullRequest}", "sha-" + second.Commit[..12]], second.Images[0].Tags);
        Assert.Equal(first.Images[0].Digest, await registry.DigestAsync(scenario.ServiceName, "sha-" + second.Commit[..12]));
        Assert.Contains("Nothing to build: ", await scenario.LogAsync(second.Id), StringComparison.Ordinal);
        Assert.DoesNotContain("Step 1/", await scenario.LogAsync(second.Id), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_two_images_only_the_one_that_a_later_pull_request_changes_is_built()
    {
        await using var scenario = await StartAsync();
        var merged = await scenario.MergeAsync((await scenario.OpenAsync(Two(scenario, "a", "b"))).PullRequest);

        var next = await scenario.OpenAsync(Two(scenario, "a", "another b"));

        Assert.Equal(merged.Images[0].Digest, next.Images[0].Digest);
        Assert.NotEqual(merged.Images[1].Digest, next.Images[1].Digest);
        Assert.Equal("another b", (await engine.PullAndRunAsync(next.Images[1].Reference)).Trim());
    }

    [Theory]
    [InlineData("a file", "app/says.txt", "something else")]
    [InlineData("the Dockerfile", "app/Dockerfile", "FROM " + DockerEngine.BaseImage + "\nENV A=1\n")]
    [InlineData("an argument", "dockerInfo.json", """{ "service_name": "NAME", "version": "1", "context": "app", "args": { "A": "2" } }""")]
    [InlineData("the version", "dockerInfo.json", """{ "service_name": "NAME", "version": "2", "context": "app", "args": { "A": "1" } }""")]
    [InlineData("a label", "dockerInfo.json", """{ "service_name": "NAME", "version": "1", "context": "app", "args": { "A": "1" }, "labels": { "team": "blue" } }""")]
    public async Task An_image_is_built_when_something_of_it_changed(string what, string path, string content)
    {
        await using var scenario = await StartAsync();
        var first = await scenario.OpenAsync(InFolder(scenario, "hello"));

        var second = await scenario.PushAsync(
            first.PullRequest,
            new(InFolder(scenario, "hello")) { [path] = content.Replace("NAME", scenario.ServiceName, StringComparison.Ordinal) });

        Assert.True(first.Images[0].Digest != second.Images[0].Digest, $"{what} changed");
    }

    [Fact]
    public async Task An_image_is_built_when_the_engine_has_another_base_of_that_name()
    {
        await using var scenario = await StartAsync();
        var name = $"base-{scenario.ServiceName}";
        await engine.RunAsync("tag", DockerEngine.BaseImage, name);
        var files =
            new Dictionary<string, string>(InFolder(scenario, "hello")) { ["app/Dockerfile"] = $"FROM {name}\nCOPY says.txt /says.txt\n" };
        var first = await scenario.OpenAsync(files);
        await engine.RunAsync("pull", "--quiet", first.Images[0].Reference);
        await engine.RunAsync("tag", first.Images[0].Reference, name);

        var second = await scenario.PushAsync(first.PullRequest, new(files) { ["README.md"] = "other words" });

        Assert.NotEqual(first.Images[0].Digest, second.Images[0].Digest);
        await engine.RunAsync("rmi", name, first.Images[0].Reference);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_image_is_built_when_the_registry_has_another_base_of_that_name(bool isPrivate)
    {
        await using var locked = new DockerRegistry { AsksForPassword = isPrivate };
        var login = isPrivate ? new[] { ("Registry__Username", DockerRegistry.User), ("Registry__Password", DockerRegistry.Password) } : [];
        await using var scenario = await CiScenario.StartAsync(
            azurite, engine, locked, login.ToDictionary(s => s.Item1, s => (string?)s.Item2));
        var below = await scenario.OpenAsync(scenario.Files("below"));
        var above = await scenario.OpenAsync(Above(scenario, below, "x"));

        var same = await scenario.PushAsync(above.PullRequest, Above(scenario, below, "y"));
        await scenario.PushAsync(below.PullRequest, scenario.Files("below, but another"));
        var other = await scenario.PushAsync(above.PullRequest, Above(scenario, below, "z"));

        Assert.Equal(above.Images[0].Digest, same.Images[0].Digest);
        Assert.NotEqual(above.Images[0].Digest, other.Images[0].Digest);
    }

    [Fact]
    public async Task What_is_rebuilt_by_hand_is_built()
    {
        await using var scenario = await StartAsync();
        var build = await scenario.OpenAsync(InFolder(scenario, "hello"));

        var tagged = await scenario.PushAsync(build.PullRequest, new(InFolder(scenario, "hello")) { ["README.md"] = "other words" });

        await scenario.PostAsync($"api/builds/{tagged.Id}/rebuild");

        await scenario.UntilLoggedAsync(tagged.Id, "Step 1/");
        Assert.Equal("succeeded", (await scenario.EndOfAsync(tagged.Id)).State);
    }

    [Fact]
    public async Task With_the_setting_off_everything_is_built()
    {
        await using var scenario = await StartAsync(("Build__ReuseUnchanged", "false"));
        var first = await scenario.OpenAsync(InFolder(scenario, "hello"));

        var second = await scenario.PushAsync(first.PullRequest, new(InFolder(scenario, "hello")) { ["README.md"] = "other words" });

        Assert.Contains("Step 1/", await scenario.LogAsync(second.Id), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("BuildKit")]
    [InlineData("Classic")]
    public async Task A_Dockerfile_cannot_say_of_its_image_that_it_is_another(string builder)
    {
        await using var scenario = await StartAsync(("Docker__Builder", builder));
        var first = await scenario.OpenAsync(InFolder(scenario, "the right one"));
        await engine.RunAsync("pull", "--quiet", first.Images[0].Reference);
        var key = (await engine.LabelsAsync(first.Images[0].Reference))["ci.content"];
        // Of a Dockerfile that adds from an address, no key can be told.
        var forged = await scenario.PushAsync(first.PullRequest, new(InFolder(scenario, "a wrong one"))
        {
            ["app/Dockerfile"] = $"FROM {DockerEngine.BaseImage} AS unused\nADD {registry.Url}v2/ /x\nFROM "
                + $"{DockerEngine.BaseImage}\nLABEL ci.content={key}\nCOPY says.txt /says.txt\nCMD [\"cat\", \"/says.txt\"]\n",
        });

        var again = await scenario.PushAsync(first.PullRequest, new(InFolder(scenario, "the right one")) { ["README.md"] = "" });

        Assert.Equal(
            ("succeeded", "a wrong one"),
            (forged.State, (await engine.PullAndRunAsync($"{registry.Address}/{scenario.ServiceName}:sha-{forged.Commit[..12]}")).Trim()));
        Assert.Equal("the right one", (await engine.PullAndRunAsync(again.Images[0].Reference)).Trim());
    }

    private Task<CiScenario> StartAsync(params (string Name, string Value)[] settings) =>
        CiScenario.StartAsync(azurite, engine, registry, settings.ToDictionary(s => s.Name, s => (string?)s.Value));

    private static Dictionary<string, string> InFolder(CiScenario scenario, string says) => new()
    {
        ["dockerInfo.json"] =
            $$"""{ "service_name": "{{scenario.ServiceName}}", "version": "1", "context": "app", "args": { "A": "1" } }""",
        ["app/Dockerfile"] = $"FROM {DockerEngine.BaseImage}\nARG A\nCOPY says.txt /says.txt\nCMD [\"cat\", \"/says.txt\"]\n",
        ["app/says.txt"] = says,
    };

    private static Dictionary<string, string> Two(CiScenario scenario, string a, string b) => new()
    {
        ["dockerInfo.json"] =
            $$"""
            [{ "service_name": "{{scenario.ServiceName}}/a", "version": "1", "context": "a" },
             { "service_name": "{{scenario.ServiceName}}/b", "version": "1", "context": "b" }]
            """,
        ["a/Dockerfile"] = $"FROM {DockerEngine.BaseImage}\nCOPY says.txt /says.txt\nCMD [\"cat\", \"/says.txt\"]\n",
        ["a/says.txt"] = a,
        ["b/Dockerfile"] = $"FROM {DockerEngine.BaseImage}\nCOPY says.txt /says.txt\nCMD [\"cat\", \"/says.txt\"]\n",
        ["b/says.txt"] = b,
    };

    /// <summary>An image upon another pull request's, which is in the registry only.</summary>
    private static Dictionary<string, string> Above(CiScenario scenario, BuildSeen below, string readme) => new()
    {
        ["dockerInfo.json"] = $$"""{ "service_name": "{{scenario.ServiceName}}/above", "version": "1", "context": "app" }""",
        ["app/Dockerfile"] = $"FROM {below.Images[0].Reference}\nRUN cat /says.txt > /again\n",
        ["README.md"] = readme,
    };
}
