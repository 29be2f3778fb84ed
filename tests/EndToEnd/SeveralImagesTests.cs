using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>A commit's images come from one download and are published together or not at all.</summary>
public sealed class SeveralImagesTests(Azurite azurite, DockerEngine engine, DockerRegistry registry) : IAsyncLifetime
{
    private CiScenario _scenario = null!;

    // One behind the other: the first is pushed when the second fails.
    public async ValueTask InitializeAsync() =>
        _scenario = await CiScenario.StartAsync(
            azurite, engine, registry, new Dictionary<string, string?> { ["Build__ImagesAtOnce"] = "1" });

    public async ValueTask DisposeAsync() => await _scenario.DisposeAsync();

    [Fact]
    public async Task The_source_is_downloaded_once_for_all_of_them()
    {
        var build = await _scenario.OpenAsync(Two("1", "true"));

        Assert.Equal(2, build.Images.Length);
        Assert.Single(_scenario.GitHub.Exchanges, exchange => exchange.Path.Contains("/tarball/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_moving_tag_moves_when_one_of_them_fails_although_another_was_pushed()
    {
        var first = await _scenario.OpenAsync(Two("1", "true"));

        var second = await _scenario.PushAsync(first.PullRequest, Two("2", "exit 3"));

        Assert.Equal(("succeeded", "failed"), (first.State, second.State));
        Assert.NotNull(await registry.DigestAsync($"{_scenario.ServiceName}/a", "sha-" + second.Commit[..12]));
        Assert.Equal(first.Images[0].Digest, await registry.DigestAsync($"{_scenario.ServiceName}/a", $"pr-{first.PullRequest}"));
        Assert.Equal(first.Images[1].Digest, await registry.DigestAsync($"{_scenario.ServiceName}/b", $"pr-{first.PullRequest}"));
    }

    private Dictionary<string, string> Two(string a, string command) => new()
    {
        ["dockerInfo.json"] =
            $$"""
            [{ "service_name": "{{_scenario.ServiceName}}/a", "version": "1", "context": "a" },
             { "service_name": "{{_scenario.ServiceName}}/b", "version": "1", "context": "b" }]
            """,
        ["a/Dockerfile"] = $"FROM {DockerEngine.BaseImage}\nCOPY says.txt /says.txt\n",
        ["a/says.txt"] = a,
        ["b/Dockerfile"] = $"FROM {DockerEngine.BaseImage}\nENV A={a}\nRUN {command}\n",
    };
}
