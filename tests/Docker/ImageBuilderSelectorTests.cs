using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Docker;
using Ci.Pipeline.Docker.BuildKit;
using Ci.Pipeline.Docker.Classic;
using Ci.Pipeline.Docker.Credentials;
using Ci.Pipeline.Registry;
using Ci.Pipeline.Text;
using Ci.Tests.BuildKit;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Fixture = Ci.Tests.Fixtures.DockerEngine;

namespace Ci.Tests.Docker;

/// <summary>Which of the engine's builders builds.</summary>
public sealed class ImageBuilderSelectorTests(Fixture engine)
{
    // The classic builder knows no mounts.
    private const string NeedsBuildKit = $"FROM {Fixture.BaseImage}\nRUN --mount=type=cache,target=/cache true\n";

    private readonly List<BuildEvent> _events = [];

    private IEnumerable<string> Output => _events.SelectMany(new BuildEventLines().Of).Select(line => line.Line);

    public static TheoryData<DockerOptions, bool, bool> ForClassic => new()
    {
        { new DockerOptions { Builder = BuilderKind.Classic }, false, false },
        { new DockerOptions { Memory = 1_000_000_000 }, false, false },
        { new DockerOptions { Cpus = 0.5 }, false, false },
        { new DockerOptions(), true, false },
        { new DockerOptions { Builder = BuilderKind.BuildKit }, true, false },
    };

    [Fact]
    public async Task BuildKit_builds_where_the_engine_has_it()
    {
        var name = await BuildAsync(new DockerOptions(), isStrangers: false, strangersMay: false);

        Assert.Contains(name, await engine.ImageNamesAsync());
        Assert.Contains(Output, line => line.Contains("--mount=type=cache", StringComparison.Ordinal));
        await engine.RunAsync("rmi", name);
    }

    [Theory]
    [MemberData(nameof(ForClassic))]
    public async Task The_classic_builder_builds_what_is_to_be_kept_within_its_limits(DockerOptions options, bool isStrangers, bool strangersMay)
    {
        var fault = await Assert.ThrowsAsync<ImageRefusedException>(() => BuildAsync(options, isStrangers, strangersMay, "FROM scratch\nRUN --mount=type=cache,target=/cache true\n"));

        Assert.Contains("requires BuildKit", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_forks_build_may_use_BuildKit_by_setting() =>
        await engine.RunAsync("rmi", await BuildAsync(new DockerOptions(), isStrangers: true, strangersMay: true, $"FROM scratch\nENV X={Guid.NewGuid():n}\n"));

    [Fact]
    public async Task An_engine_that_takes_no_session_builds_with_its_classic_builder()
    {
        await using var standIn = await StandInServer.StartAsync(AnswerAsync);

        var built = await Builder(new DockerOptions { Host = standIn.Engine.ToString() }).BuildAsync(Build(NeedsBuildKit), _events.Add, None);

        Assert.Equal(("sha256:0123", false), (built.Image, built.HasLabels));
        Assert.Contains("With the classic builder: ", string.Concat(Output), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_insists_on_BuildKit_is_told_that_there_is_none()
    {
        await using var standIn = await StandInServer.StartAsync(AnswerAsync);
        var builder = Builder(new DockerOptions { Host = standIn.Engine.ToString(), Builder = BuilderKind.BuildKit });

        var fault = await Assert.ThrowsAsync<ImageRefusedException>(() => builder.BuildAsync(Build(NeedsBuildKit), _events.Add, None));

        Assert.Contains("Docker__Builder", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secrets_are_for_BuildKit_alone_and_the_classic_builder_says_so()
    {
        var build = Build(NeedsBuildKit) with { Secrets = new Dictionary<string, ReadOnlyMemory<byte>> { ["token"] = new byte[] { 1 } } };

        var fault = await Assert.ThrowsAsync<ImageRefusedException>(() => Builder(new DockerOptions { Memory = 1_000_000_000 }).BuildAsync(build, _events.Add, None));

        Assert.Contains("only BuildKit can give them", fault.Message, StringComparison.Ordinal);
    }

    private static CancellationToken None => TestContext.Current.CancellationToken;

    // Podman: it speaks the API of Engine 20.10, and has another builder.
    private static Task AnswerAsync(HttpContext context)
    {
        context.Response.Headers["Api-Version"] = "1.41";
        context.Response.Headers["Ostype"] = "linux";
        context.Response.StatusCode = context.Request.Path.Value!.EndsWith("/session", StringComparison.Ordinal) ? 404 : 200;
        return context.Response.WriteAsync(
            context.Request.Path.Value.EndsWith("/build", StringComparison.Ordinal) ? """{"aux":{"ID":"sha256:0123"}}""" : "OK");
    }

    private static ImageBuilderSelector Builder(DockerOptions options)
    {
        var wrapped = Options.Create(options);
        var client = new EngineClient(wrapped);
        var machine = new DockerConfigFile(wrapped, NullLogger<DockerConfigFile>.Instance);
        var credentials = new RegistryCredentialStore(Options.Create(new RegistryOptions()), machine);
        return new ImageBuilderSelector(
            new BuildKitImageBuilder(client, credentials, new SecretMask([])), new ClassicImageBuilder(client, credentials), wrapped);
    }

    private static EngineBuild Build(string dockerfile, bool isStrangers = false, bool strangersMay = false) => new()
    {
        Name = $"localhost:83/{Guid.NewGuid():n}:x",
        Dockerfile = "Dockerfile",
        Marker = "marker",
        Args = new Dictionary<string, string>(),
        Labels = new Dictionary<string, string>(),
        IsUntrusted = isStrangers,
        StrangersMayUseBuildKit = strangersMay,
        WriteContext = Building.Context(("Dockerfile", dockerfile)),
    };

    private async Task<string> BuildAsync(DockerOptions options, bool isStrangers, bool strangersMay, string dockerfile = NeedsBuildKit)
    {
        await engine.StartAsync();
        options.Host = engine.Host;
        var build = Build(dockerfile, isStrangers, strangersMay);
        await Builder(options).BuildAsync(build, _events.Add, None);
        return build.Name;
    }
}
