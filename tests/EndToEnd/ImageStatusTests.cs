using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>Each image of a commit that has several has a status of its own, and the whole has one.</summary>
public sealed class ImageStatusTests(Azurite azurite, DockerEngine engine, DockerRegistry registry) : IAsyncLifetime
{
    private CiScenario _scenario = null!;

    public async ValueTask InitializeAsync() => _scenario = await CiScenario.StartAsync(azurite, engine, registry);

    public async ValueTask DisposeAsync() => await _scenario.DisposeAsync();

    [Fact]
    public async Task Images_that_were_pushed_say_so_and_the_whole_comes_last()
    {
        var build = await _scenario.OpenAsync(Two("cat /says.txt"));

        var ends = await EndsAsync(build, "docker-image");
        Assert.Equal(
            ["docker-image", $"docker-image/{_scenario.ServiceName}/a", $"docker-image/{_scenario.ServiceName}/b"],
            ends.Keys.Order(StringComparer.Ordinal));
        Assert.All(ends.Values, end => Assert.StartsWith("success Pushed ", end, StringComparison.Ordinal));
        Assert.StartsWith(
            $"success Pushed {_scenario.ServiceName}/a:pr-{build.PullRequest} · ", ends[$"docker-image/{_scenario.ServiceName}/a"],
            StringComparison.Ordinal);
        Assert.Equal("docker-image", _scenario.GitHub.Statuses(CiScenario.Repository, build.Commit)[^1].Context);
    }

    [Fact]
    public async Task One_that_fails_is_named_and_the_other_says_why_it_is_not_published()
    {
        var build = await _scenario.OpenAsync(Two("exit 3"));

        var ends = await EndsAsync(build, "docker-image");
        Assert.Equal("failed", build.State);
        Assert.StartsWith(
            "failure b/Dockerfile line 2: RUN exit 3: exit code 3", ends[$"docker-image/{_scenario.ServiceName}/b"],
            StringComparison.Ordinal);
        Assert.Equal($"error Not published, because {_scenario.ServiceName}/b failed", ends[$"docker-image/{_scenario.ServiceName}/a"]);
    }

    [Fact]
    public async Task Images_are_told_of_while_they_are_built_and_when_that_is_broken_off()
    {
        var id = await _scenario.OpenWithoutWaitingAsync(Two("echo begun && sleep 600"));
        var build = await _scenario.BuildAsync(id);
        await UntilAsync(build, $"docker-image/{_scenario.ServiceName}/b", "pending Building");

        await _scenario.PostAsync($"api/builds/{id}/cancel");

        await UntilAsync(build, $"docker-image/{_scenario.ServiceName}/a", "error Cancelled");
        await UntilAsync(build, $"docker-image/{_scenario.ServiceName}/b", "error Cancelled");
    }

    [Fact]
    public async Task A_merges_images_have_statuses_of_their_own_too()
    {
        var build = await _scenario.OpenAsync(Two("cat /says.txt"));

        await _scenario.MergeAsync(build.PullRequest);

        var ends = await EndsAsync(build, "docker-image/merge");
        Assert.StartsWith(
            $"success Pushed {_scenario.ServiceName}/a:1 · ", ends[$"docker-image/merge/{_scenario.ServiceName}/a"],
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_single_image_has_the_builds_status_and_no_other()
    {
        var build = await _scenario.OpenAsync(_scenario.Files("one"));

        Assert.Equal(["docker-image"], (await EndsAsync(build, "docker-image")).Keys);
    }

    /// <summary>What was told last under each name, once the whole has ended.</summary>
    private async Task<Dictionary<string, string>> EndsAsync(BuildSeen build, string whole)
    {
        await TestEnvironment.UntilAsync(
            () => Task.FromResult(
                Last(build).GetValueOrDefault(whole) is { } last && !last.StartsWith("pending", StringComparison.Ordinal)),
            "the build's own status to end",
            onTimeout: () => build + _scenario.Host.Output);
        return Last(build);
    }

    private Task UntilAsync(BuildSeen build, string context, string words) => TestEnvironment.UntilAsync(
        () => Task.FromResult(Last(build).GetValueOrDefault(context)?.StartsWith(words, StringComparison.Ordinal) == true),
        $"{context} to say '{words}'",
        onTimeout: () => string.Join('\n', Last(build)) + _scenario.Host.Output);

    private Dictionary<string, string> Last(BuildSeen build) => _scenario.GitHub.Statuses(CiScenario.Repository, build.Commit)
        .GroupBy(status => status.Context).ToDictionary(group => group.Key, group => $"{group.Last().State} {group.Last().Description}");

    private Dictionary<string, string> Two(string step) => new()
    {
        ["dockerInfo.json"] =
            $$"""
            [{ "service_name": "{{_scenario.ServiceName}}/a", "version": "1", "context": "a" },
             { "service_name": "{{_scenario.ServiceName}}/b", "version": "1", "context": "b" }]
            """,
        ["a/Dockerfile"] = $"FROM {DockerEngine.BaseImage}\nCOPY says.txt /says.txt\n",
        ["a/says.txt"] = "a",
        ["b/Dockerfile"] = $"FROM {DockerEngine.BaseImage}\n"
            + $"{(step.StartsWith("cat", StringComparison.Ordinal) ? "COPY says.txt /says.txt\n" : "")}RUN {step}\n",
        ["b/says.txt"] = Guid.NewGuid().ToString(),
    };
}
