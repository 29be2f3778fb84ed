using Ci.Pipeline.Builds;
using Ci.Pipeline.Docker;
using Ci.Pipeline.Docker.Cleanup;
using Ci.Pipeline.Registry;
using Ci.Pipeline.Source;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Fixture = Ci.Tests.Fixtures.DockerEngine;

namespace Ci.Tests.Docker;

/// <summary>What builds leave on the engine's disk goes in time; what is somebody else's stays.</summary>
public sealed class EngineCleanupTests(Fixture engine)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_older_or_more_than_allowed_goes_and_what_is_not_ours_stays()
    {
        await engine.StartAsync();
        var ours = await BuildAsync($"LABEL {ImageTags.OwnLabel}=1");
        var theirs = await BuildAsync("LABEL somebody=else");
        var named = await BuildAsync($"LABEL {ImageTags.OwnLabel}=2");
        await engine.RunAsync("tag", named, "keep-me:1");

        await Room(new DockerOptions { Host = engine.Host }).PruneAsync(Cancellation);
        var young = await ExistsAsync(ours);
        await Room(new DockerOptions { Host = engine.Host, KeepImages = TimeSpan.Zero }).PruneAsync(Cancellation);

        Assert.Equal((true, false, true, true), (young, await ExistsAsync(ours), await ExistsAsync(theirs), await ExistsAsync(named)));
        await engine.RunAsync("rmi", "keep-me:1");
    }

    [Fact]
    public async Task A_name_that_a_dead_worker_left_is_taken_off_and_others_stay()
    {
        await engine.StartAsync();
        var commit = Guid.NewGuid().ToString("n");
        var id = await BuildAsync($"LABEL {ImageTags.OwnLabel}=3");
        string[] names = [$"localhost:83/a:sha-{commit[..12]}", "localhost:83/a:mine", $"else:sha-{commit[..12]}"];
        foreach (var name in names)
        {
            await engine.RunAsync("tag", id, name);
        }

        await Room(new DockerOptions { Host = engine.Host }).ForgetAsync("a-build", commit, Cancellation);

        var left = await engine.ImageNamesAsync();
        Assert.Equal(names[1..], names.Where(left.Contains));
        await engine.RunAsync("rmi", names[1], names[2]);
    }

    [Fact]
    public async Task A_name_that_is_no_active_builds_goes_at_the_second_look()
    {
        await engine.StartAsync();
        var (over, active) = (Guid.NewGuid().ToString("n"), Guid.NewGuid().ToString("n"));
        var id = await BuildAsync($"LABEL {ImageTags.OwnLabel}=4");
        // A registry of its own: names of other tests are nobody's here.
        var address = $"r{Guid.NewGuid().ToString("n")[..8]}.example";
        string[] names = [$"{address}/a:sha-{over[..12]}", $"{address}/a:sha-{active[..12]}", $"{address}/a:mine", $"else:sha-{over[..12]}"];
        foreach (var name in names)
        {
            await engine.RunAsync("tag", id, name);
        }

        var room = Room(new DockerOptions { Host = engine.Host }, address);
        await room.SweepNamesAsync([active], Cancellation);
        var first = await engine.ImageNamesAsync();
        await room.SweepNamesAsync([active], Cancellation);
        var second = await engine.ImageNamesAsync();

        Assert.Equal(names, names.Where(first.Contains));
        Assert.Equal(names[1..], names.Where(second.Contains));
        await engine.RunAsync(["rmi", .. names[1..]]);
    }

    [Theory]
    [InlineData("write /data/x: no space left on device")]
    [InlineData("failed to register layer: Error processing tar file: write /x: no space left on device")]
    public void A_full_disk_is_neither_the_commits_fault_nor_tried_again(string error)
    {
        var fault = Assert.IsType<DiskFullException>(EngineErrors.OfBuild(error));

        Assert.Contains("docker system df", fault.Message, StringComparison.Ordinal);
    }

    internal static EngineCleanup Room(DockerOptions docker, string address = "localhost:83")
    {
        var client = new EngineClient(Options.Create(docker));
        var registry = Options.Create(new RegistryOptions { Address = address });
        var lifetime = new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance);
        return new EngineCleanup(
            new DockerEngine(client), new EngineObjects(client), Options.Create(docker), registry, lifetime, TimeProvider.System);
    }

    private async Task<string> BuildAsync(string instruction)
    {
        var folder = Directory.CreateTempSubdirectory("ci-room-");
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "Dockerfile"), $"FROM {Fixture.BaseImage}\n{instruction}\nENV X={Guid.NewGuid():n}\n", Cancellation);
        try
        {
            return (await engine.BuildAsync(folder.FullName)).Trim();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private async Task<bool> ExistsAsync(string id) => (await engine.RunAsync("images", "--all", "--quiet", "--no-trunc")).Contains(id, StringComparison.Ordinal);
}
