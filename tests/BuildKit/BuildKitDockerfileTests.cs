using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using Ci.BuildKit;
using Ci.Tests.Fixtures;

namespace Ci.Tests.BuildKit;

/// <summary>What a Dockerfile may say depends on the Dockerfile frontend that the engine has built in (or on the one that its "#
/// syntax=" line names, which is pulled). These tests hold for old and new engines: what an old one does not know must fail in
/// words that say so.</summary>
public sealed class BuildKitDockerfileTests(DockerEngine engine)
{
    private const string Base = DockerEngine.BaseImage;

    private readonly Building _building = new(engine);

    [Fact]
    public async Task A_cache_mount_keeps_its_files_from_one_build_to_the_next_and_out_of_the_image()
    {
        var id = Guid.NewGuid();
        string Dockerfile(string command) => $"FROM {Base}\nRUN --mount=type=cache,id={id},target=/cache {command}\n";
        await _building.RunAsync(Dockerfile("echo kept > /cache/file"));

        var image = await _building.RunAsync(Dockerfile("cat /cache/file"));

        Assert.Contains("kept", _building.Lines);
        Assert.Empty((await _building.PrintsAsync(image, "ls", "/cache")).Trim());
    }

    [Fact]
    public async Task A_here_document_runs_from_Engine_23_on()
    {
        await BuildsFromAsync(new Version(1, 42), $"FROM {Base}\nRUN <<EOF\necho in a here-document {Guid.NewGuid()}\nEOF\n", "unknown instruction: ECHO");
    }

    [Fact]
    public async Task A_linked_copy_builds_from_Engine_23_on()
    {
        await BuildsFromAsync(new Version(1, 42), $"FROM {Base}\nCOPY --link Dockerfile /\n", "unknown flag: link");
    }

    [Fact]
    public async Task A_checksum_of_what_is_added_is_checked_from_Engine_25_on()
    {
        await using var server = await StandInServer.StartAsync("content");
        var dockerfile = $"FROM scratch\nADD --checksum=sha256:{Convert.ToHexStringLower(SHA256.HashData("content"u8))} {server.Address} /file\n";

        await BuildsFromAsync(new Version(1, 44), dockerfile, "unknown flag: checksum");
    }

    [Fact]
    public async Task The_same_commit_gives_the_same_image_from_Engine_24_on()
    {
        var commit = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        var build = new BuildKitBuild { WriteContext = ContextOf(commit, $"FROM scratch\nLABEL of={Guid.NewGuid()}\nCOPY Dockerfile /\n"), SourceDate = commit, NoCache = true };

        var first = await _building.RunAsync(build);
        var second = await _building.RunAsync(build);

        Assert.Equal(await ApiAsync() >= new Version(1, 43), first == second);
    }

    [Fact]
    public async Task The_same_commit_gives_the_same_image_from_the_cache()
    {
        var commit = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        var build = new BuildKitBuild { WriteContext = ContextOf(commit, $"FROM {Base}\nRUN echo {Guid.NewGuid()} > /made\n"), SourceDate = commit };

        Assert.Equal(await _building.RunAsync(build), await _building.RunAsync(build));
    }

    private async Task BuildsFromAsync(Version api, string dockerfile, string otherwise)
    {
        if (await ApiAsync() >= api)
        {
            await _building.RunAsync(dockerfile);
            return;
        }

        var failure = await Assert.ThrowsAsync<BuildFailedException>(() => _building.RunAsync(dockerfile));
        Assert.Contains(otherwise, failure.Message, StringComparison.OrdinalIgnoreCase);
        Assert.NotNull(failure.Line);
    }

    private async Task<Version> ApiAsync()
    {
        await engine.StartAsync();
        return (await EngineProbe.AskAsync(new EngineAddress(new Uri(engine.Host)), TestContext.Current.CancellationToken)).ApiVersion;
    }

    private static Func<Stream, CancellationToken, Task> ContextOf(DateTimeOffset commit, string dockerfile) => async (stream, cancellationToken) =>
    {
        await using var tar = new TarWriter(stream, leaveOpen: true);
        await tar.WriteEntryAsync(
            new PaxTarEntry(TarEntryType.RegularFile, "Dockerfile") { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(dockerfile)), ModificationTime = commit },
            cancellationToken);
    };
}
