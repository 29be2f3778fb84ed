using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Ci.StandIn;
using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>A host that is a GitHub App tells how its builds go in check runs.</summary>
public sealed class CheckRunTests(Azurite azurite, DockerEngine engine, DockerRegistry registry) : IAsyncLifetime
{
    // To make one takes long.
    private static readonly RSA Key = RSA.Create(2048);

    private CiScenario _scenario = null!;

    public async ValueTask InitializeAsync() => _scenario = await CiScenario.StartAsync(
        azurite,
        engine,
        registry,
        new Dictionary<string, string?>
        {
            ["GitHub__Token"] = "",
            ["GitHub__AppId"] = "123456",
            ["GitHub__PrivateKey"] = Key.ExportPkcs8PrivateKeyPem(),
            ["Report__PublicUrl"] = "https://ci.example",
        },
        new StandInApp("123456", Key.ExportSubjectPublicKeyInfoPem()));

    public ValueTask DisposeAsync() => _scenario.DisposeAsync();

    [Fact]
    public async Task A_build_has_one_check_run_and_neither_status_nor_comment()
    {
        var build = await _scenario.OpenAsync(_scenario.Files("one"));

        var run = await RunAsync(build);
        Assert.Equal(
            ("docker-image", "success", $"https://ci.example/api/builds/{build.Id}"),
            (Text(run, "name"), Text(run, "conclusion"), Text(run, "details_url")));
        Assert.StartsWith(
            $"Pushed {_scenario.ServiceName}:pr-{build.PullRequest} · ", Text(run["output"]!, "title"), StringComparison.Ordinal);
        Assert.Contains($"docker pull {build.Images[0].Reference}", Text(run["output"]!, "summary"), StringComparison.Ordinal);
        Assert.Empty(_scenario.Statuses(build));
        Assert.Empty(_scenario.GitHub.Comments(CiScenario.Repository, build.PullRequest));
    }

    [Fact]
    public async Task A_failing_step_is_noted_on_its_line_with_the_tail_of_the_log()
    {
        var files = _scenario.Files("x");
        files["Dockerfile"] = $"FROM {DockerEngine.BaseImage}\n\nRUN echo about to break && exit 3\n";

        var run = await RunAsync(await _scenario.OpenAsync(files));

        var note = Assert.Single(run["output"]!["annotations"]!.AsArray())!;
        Assert.Equal(("failure", "Dockerfile", 3), (Text(run, "conclusion"), Text(note, "path"), note["start_line"]!.GetValue<int>()));
        Assert.Contains("about to break", Text(run["output"]!, "text"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_of_several_images_has_a_check_run_beside_the_builds()
    {
        var files = _scenario.Files("both");
        files["dockerInfo.json"] =
            $$"""
            [{ "service_name": "{{_scenario.ServiceName}}/a", "version": "1" },
             { "service_name": "{{_scenario.ServiceName}}/b", "version": "1" }]
            """;

        var build = await _scenario.OpenAsync(files);

        // GitHub shows the newest of a name, so that one which is made twice does no harm.
        string[] names = ["docker-image", $"docker-image/{_scenario.ServiceName}/a", $"docker-image/{_scenario.ServiceName}/b"];
        await TestEnvironment.UntilAsync(
            () => Task.FromResult(
                names.All(
                    name =>
                        _scenario.GitHub.CheckRuns(CiScenario.Repository, build.Commit)
                            .LastOrDefault(run => Text(run, "name") == name) is { } run && (string?)run["conclusion"] == "success")),
            "three check runs to be completed",
            onTimeout: () =>
                string.Join('\n', [build, .. _scenario.GitHub.CheckRuns(CiScenario.Repository, build.Commit), _scenario.Host.Output]));
        Assert.Equal(
            names, _scenario.GitHub.CheckRuns(CiScenario.Repository, build.Commit).Select(run => Text(run, "name")).Distinct()
                .Order(StringComparer.Ordinal));
    }

    private async Task<JsonObject> RunAsync(BuildSeen build)
    {
        await TestEnvironment.UntilAsync(
            () => Task.FromResult(
                _scenario.GitHub.CheckRuns(CiScenario.Repository, build.Commit) is [var one] && (string?)one["status"] == "completed"),
            "the one check run to be completed",
            onTimeout: () => build + _scenario.Host.Output);
        return _scenario.GitHub.CheckRuns(CiScenario.Repository, build.Commit)[0];
    }

    private static string Text(JsonNode node, string name) => node[name]!.GetValue<string>();
}
