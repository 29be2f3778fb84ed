using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>What a pull request shows of its builds, on real parts.</summary>
public sealed class CommentTests(Azurite azurite, DockerEngine engine, DockerRegistry registry) : IAsyncLifetime
{
    private CiScenario _scenario = null!;

    public async ValueTask InitializeAsync() => _scenario = await CiScenario.StartAsync(azurite, engine, registry);

    public async ValueTask DisposeAsync() => await _scenario.DisposeAsync();

    [Fact]
    public async Task A_pull_request_is_compared_with_what_was_merged()
    {
        var first = await _scenario.OpenAsync(_scenario.Files("one"));
        await _scenario.MergeAsync(first.PullRequest);
        var files = _scenario.Files("two");
        files["Dockerfile"] += "ENV GREETING=hello\nEXPOSE 8080\nUSER nobody\n";

        var second = await _scenario.OpenAsync(files);

        var body = await CommentAsync(second, "ENV new");
        Assert.Contains($"docker pull {second.Images[0].Reference}", body, StringComparison.Ordinal);
        Assert.Contains(second.Images[0].Digest, body, StringComparison.Ordinal);
        Assert.Contains("ENV new: `GREETING=hello`", body, StringComparison.Ordinal);
        Assert.Contains("EXPOSE new: `8080/tcp`", body, StringComparison.Ordinal);
        Assert.Contains("USER is `nobody`, was nothing", body, StringComparison.Ordinal);
        Assert.Contains("layers are the same", body, StringComparison.Ordinal);
        Assert.Matches(@"layer new: \d+ B, `.*says\.txt", body);
        Assert.Matches(@"Commit [0-9a-f]{12}, in \d+(\.\d)? s, \d+ of \d+ steps from the cache\.", body);
    }

    [Fact]
    public async Task A_failing_step_is_shown_with_its_line_and_its_output()
    {
        var files = _scenario.Files("x");
        files["Dockerfile"] = $"FROM {DockerEngine.BaseImage}\n\n# breaks\nRUN echo about to break \\\n  && exit 3\n";

        var build = await _scenario.OpenAsync(files);

        var body = await CommentAsync(build, "Dockerfile line 4");
        Assert.Contains("`exit code 3`", body, StringComparison.Ordinal);
        Assert.Contains("\nabout to break\n", body, StringComparison.Ordinal);
        await TestEnvironment.UntilAsync(
            () => Task.FromResult(_scenario.Statuses(build)[^1].StartsWith("failure", StringComparison.Ordinal)), "the status");
        Assert.Equal("failure Dockerfile line 4: RUN echo about to break && exit 3: exit code 3", _scenario.Statuses(build)[^1]);
    }

    private async Task<string> CommentAsync(BuildSeen build, string words)
    {
        await TestEnvironment.UntilAsync(
            () => Task.FromResult(
                _scenario.GitHub.Comments(CiScenario.Repository, build.PullRequest) is [var one]
                    && one.Body.Contains(words, StringComparison.Ordinal)),
            $"the one comment to say {words}",
            onTimeout: () => string.Join(
                "\n----\n",
                [.. _scenario.GitHub.Comments(CiScenario.Repository, build.PullRequest).Select(c => c.Body), build.Summary,
                 _scenario.Host.Output]));
        return _scenario.GitHub.Comments(CiScenario.Repository, build.PullRequest)[0].Body;
    }
}
