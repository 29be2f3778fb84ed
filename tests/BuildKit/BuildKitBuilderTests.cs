using Ci.BuildKit;
using Ci.Tests.Fixtures;

namespace Ci.Tests.BuildKit;

/// <summary>Builds by the BuildKit of a real engine.</summary>
public sealed class BuildKitBuilderTests(DockerEngine engine)
{
    private const string Base = DockerEngine.BaseImage;

    private readonly Building _building = new(engine);

    [Fact]
    public async Task It_builds_on_an_image_that_the_engine_has()
    {
        var image = await _building.RunAsync($"FROM {Base}\nRUN echo made > /made\n");

        Assert.StartsWith("sha256:", image, StringComparison.Ordinal);
        Assert.Equal("made", (await _building.PrintsAsync(image, "cat", "/made")).Trim());
    }

    [Fact]
    public async Task It_builds_from_scratch()
    {
        var image = await _building.RunAsync("FROM scratch\nCOPY file /file\n", ("file", "content"));

        Assert.Equal("1", (await engine.RunAsync("image", "inspect", "--format", "{{len .RootFS.Layers}}", image)).Trim());
    }

    [Fact]
    public async Task Dockerfile_target_arguments_labels_and_names_reach_the_build()
    {
        var image = await _building.RunAsync(new BuildKitBuild
        {
            WriteContext = Building.Context(("sub/My.Dockerfile", $"FROM {Base} AS first\nARG WHO\nRUN echo \"hello $WHO\" > /hello; cat /etc/hosts > /hosts\nFROM first AS second\nRUN false\n")),
            Dockerfile = "sub/My.Dockerfile",
            Target = "first",
            Args = new Dictionary<string, string> { ["WHO"] = "wörld & all+1%" },
            Labels = new Dictionary<string, string> { ["of"] = "a test" },
            Tags = ["ci-buildkit-named:1"],
            NetworkMode = "none",
            ExtraHosts = new Dictionary<string, string> { ["nobody.else"] = "127.0.0.9" },
        });

        Assert.Equal("hello wörld & all+1%", (await _building.PrintsAsync("ci-buildkit-named:1", "cat", "/hello")).Trim());
        Assert.Contains("127.0.0.9\tnobody.else", await _building.PrintsAsync(image, "cat", "/hosts"), StringComparison.Ordinal);
        Assert.Equal("a test", (await engine.RunAsync("image", "inspect", "--format", "{{.Config.Labels.of}}", image)).Trim());
    }

    [Fact]
    public async Task The_log_names_every_step_with_its_output_and_its_end()
    {
        await _building.RunAsync($"FROM {Base}\nRUN echo to be seen {Guid.NewGuid()}; echo and this\nCOPY file /\n", ("file", "content"));

        Assert.Collection(
            _building.Lines,
            line => Assert.Matches(@"^Step (\S+ )?1/\d+ : FROM docker\.io/library/ci-test-base:1$", line),
            line => Assert.Matches(@"^ ---> (CACHED|done in \d+\.\d s)$", line),
            line => Assert.StartsWith("Step 2/3 : RUN echo to be seen", line, StringComparison.Ordinal),
            line => Assert.StartsWith("to be seen", line, StringComparison.Ordinal),
            line => Assert.Equal("and this", line),
            line => Assert.Matches(@"^ ---> done in \d+\.\d s$", line),
            line => Assert.Equal("Step 3/3 : COPY file /", line),
            line => Assert.Matches(@"^ ---> done in \d+\.\d s$", line),
            line => Assert.Equal("exporting to image", line),
            line => Assert.Matches(@"^ ---> done in \d+\.\d s$", line));
    }

    [Fact]
    public async Task A_step_that_was_built_before_is_cached_and_says_so()
    {
        var dockerfile = $"FROM {Base}\nRUN echo once {Guid.NewGuid()} > /once\n";
        var first = await LayersAsync(await _building.RunAsync(dockerfile));
        var again = new Building(engine);
        var second = await LayersAsync(await again.RunAsync(dockerfile));

        Assert.Equal(first, second);
        Assert.Equal(StepResult.Done, _building.ResultOf("RUN echo once"));
        Assert.Equal(StepResult.Cached, again.ResultOf("RUN echo once"));
        Assert.Matches(@"Step 2/2 : RUN echo once .*\n ---> CACHED\n", again.Log);
    }

    [Fact]
    public async Task Without_the_cache_every_step_runs_again()
    {
        var dockerfile = $"FROM {Base}\nRUN echo anew {Guid.NewGuid()}\n";
        await _building.RunAsync(dockerfile);
        var again = new Building(engine);

        await again.RunAsync(Building.Of(dockerfile) with { NoCache = true });

        Assert.Equal(StepResult.Done, again.ResultOf("RUN echo anew"));
    }

    [Fact]
    public async Task Builds_side_by_side_have_each_their_own_log()
    {
        var buildings = Enumerable.Range(0, 4).Select(_ => new Building(engine)).ToArray();

        var images = await Task.WhenAll(buildings.Select((building, i) => building.RunAsync($"FROM {Base}\nRUN echo the build {i} {Guid.NewGuid()}\n")));

        Assert.Equal(4, images.Distinct().Count());
        Assert.All(buildings.Index(), b => Assert.Equal([$"the build {b.Index}"], b.Item.Lines.Where(line => line.StartsWith("the build", StringComparison.Ordinal)).Select(line => line[..11])));
    }

    private Task<string> LayersAsync(string image) => engine.RunAsync("image", "inspect", "--format", "{{.RootFS.Layers}}", image);
}
