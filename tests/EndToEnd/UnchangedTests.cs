using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>An image whose build would give what is in the registry already is tagged, and no other.</summary>
public sealed class UnchangedTests(Azurite azurite, DockerEngine engine, DockerRegistry registry)
{
    [Fact]
    public async Task A_push_that_touches_nothing_of_an_image_tags_the_one_that_is_there()
    {
        await using var story = await StartAsync();
        var first = await story.OpenAsync(InFolder(story, "hello"));

        var second = await story.PushAsync(first.PullRequest, new(InFolder(story, "hello")) { ["README.md"] = "other words" });

        Assert.Equal(first.Images[0].Digest, second.Images[0].Digest);
        Assert.Equal([$"pr-{first.PullRequest}", "sha-" + second.Commit[..12]], second.Images[0].Tags);
        Assert.Equal(first.Images[0].Digest, await registry.DigestAsync(story.ServiceName, "sha-" + second.Commit[..12]));
        Assert.Contains("Nothing to build: ", await story.LogAsync(second.Id), StringComparison.Ordinal);
        Assert.DoesNotContain("Step 1/", await story.LogAsync(second.Id), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_two_images_only_the_one_that_a_later_pull_request_changes_is_built()
    {
        await using var story = await StartAsync();
        var merged = await story.MergeAsync((await story.OpenAsync(Two(story, "a", "b"))).PullRequest);

        var next = await story.OpenAsync(Two(story, "a", "another b"));

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
        await using var story = await StartAsync();
        var first = await story.OpenAsync(InFolder(story, "hello"));

        var second = await story.PushAsync(first.PullRequest, new(InFolder(story, "hello")) { [path] = content.Replace("NAME", story.ServiceName, StringComparison.Ordinal) });

        Assert.True(first.Images[0].Digest != second.Images[0].Digest, $"{what} changed");
    }

    [Fact]
    public async Task An_image_is_built_when_the_engine_has_another_base_of_that_name()
    {
        await using var story = await StartAsync();
        var name = $"base-{story.ServiceName}";
        await engine.RunAsync("tag", DockerEngine.BaseImage, name);
        var files = new Dictionary<string, string>(InFolder(story, "hello")) { ["app/Dockerfile"] = $"FROM {name}\nCOPY says.txt /says.txt\n" };
        var first = await story.OpenAsync(files);
        await engine.RunAsync("pull", "--quiet", first.Images[0].Reference);
        await engine.RunAsync("tag", first.Images[0].Reference, name);

        var second = await story.PushAsync(first.PullRequest, new(files) { ["README.md"] = "other words" });

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
        await using var story = await CiScenario.StartAsync(azurite, engine, locked, login.ToDictionary(s => s.Item1, s => (string?)s.Item2));
        var below = await story.OpenAsync(story.Files("below"));
        var above = await story.OpenAsync(Above(story, below, "x"));

        var same = await story.PushAsync(above.PullRequest, Above(story, below, "y"));
        await story.PushAsync(below.PullRequest, story.Files("below, but another"));
        var other = await story.PushAsync(above.PullRequest, Above(story, below, "z"));

        Assert.Equal(above.Images[0].Digest, same.Images[0].Digest);
        Assert.NotEqual(above.Images[0].Digest, other.Images[0].Digest);
    }

    [Fact]
    public async Task What_is_rebuilt_by_hand_is_built()
    {
        await using var story = await StartAsync();
        var build = await story.OpenAsync(InFolder(story, "hello"));

        var tagged = await story.PushAsync(build.PullRequest, new(InFolder(story, "hello")) { ["README.md"] = "other words" });

        await story.PostAsync($"api/builds/{tagged.Id}/rebuild");

        await story.UntilLoggedAsync(tagged.Id, "Step 1/");
        Assert.Equal("succeeded", (await story.EndOfAsync(tagged.Id)).State);
    }

    [Fact]
    public async Task With_the_setting_off_everything_is_built()
    {
        await using var story = await StartAsync(("Build__ReuseUnchanged", "false"));
        var first = await story.OpenAsync(InFolder(story, "hello"));

        var second = await story.PushAsync(first.PullRequest, new(InFolder(story, "hello")) { ["README.md"] = "other words" });

        Assert.Contains("Step 1/", await story.LogAsync(second.Id), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("BuildKit")]
    [InlineData("Classic")]
    public async Task A_Dockerfile_cannot_say_of_its_image_that_it_is_another(string builder)
    {
        await using var story = await StartAsync(("Docker__Builder", builder));
        var first = await story.OpenAsync(InFolder(story, "the right one"));
        await engine.RunAsync("pull", "--quiet", first.Images[0].Reference);
        var key = (await engine.LabelsAsync(first.Images[0].Reference))["ci.content"];
        // Of a Dockerfile that adds from an address, no key can be told.
        var forged = await story.PushAsync(first.PullRequest, new(InFolder(story, "a wrong one"))
        {
            ["app/Dockerfile"] = $"FROM {DockerEngine.BaseImage} AS unused\nADD {registry.Url}v2/ /x\nFROM {DockerEngine.BaseImage}\nLABEL ci.content={key}\nCOPY says.txt /says.txt\nCMD [\"cat\", \"/says.txt\"]\n",
        });

        var again = await story.PushAsync(first.PullRequest, new(InFolder(story, "the right one")) { ["README.md"] = "" });

        Assert.Equal(("succeeded", "a wrong one"), (forged.State, (await engine.PullAndRunAsync($"{registry.Address}/{story.ServiceName}:sha-{forged.Commit[..12]}")).Trim()));
        Assert.Equal("the right one", (await engine.PullAndRunAsync(again.Images[0].Reference)).Trim());
    }

    private Task<CiScenario> StartAsync(params (string Name, string Value)[] settings) =>
        CiScenario.StartAsync(azurite, engine, registry, settings.ToDictionary(s => s.Name, s => (string?)s.Value));

    private static Dictionary<string, string> InFolder(CiScenario story, string says) => new()
    {
        ["dockerInfo.json"] = $$"""{ "service_name": "{{story.ServiceName}}", "version": "1", "context": "app", "args": { "A": "1" } }""",
        ["app/Dockerfile"] = $"FROM {DockerEngine.BaseImage}\nARG A\nCOPY says.txt /says.txt\nCMD [\"cat\", \"/says.txt\"]\n",
        ["app/says.txt"] = says,
    };

    private static Dictionary<string, string> Two(CiScenario story, string a, string b) => new()
    {
        ["dockerInfo.json"] = $$"""[{ "service_name": "{{story.ServiceName}}/a", "version": "1", "context": "a" }, { "service_name": "{{story.ServiceName}}/b", "version": "1", "context": "b" }]""",
        ["a/Dockerfile"] = $"FROM {DockerEngine.BaseImage}\nCOPY says.txt /says.txt\nCMD [\"cat\", \"/says.txt\"]\n",
        ["a/says.txt"] = a,
        ["b/Dockerfile"] = $"FROM {DockerEngine.BaseImage}\nCOPY says.txt /says.txt\nCMD [\"cat\", \"/says.txt\"]\n",
        ["b/says.txt"] = b,
    };

    /// <summary>An image upon another pull request's, which is in the registry only.</summary>
    private static Dictionary<string, string> Above(CiScenario story, BuildSeen below, string readme) => new()
    {
        ["dockerInfo.json"] = $$"""{ "service_name": "{{story.ServiceName}}/above", "version": "1", "context": "app" }""",
        ["app/Dockerfile"] = $"FROM {below.Images[0].Reference}\nRUN cat /says.txt > /again\n",
        ["README.md"] = readme,
    };
}
