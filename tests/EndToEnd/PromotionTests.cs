using System.Runtime.InteropServices;
using System.Text;
using Ci.Pipeline.Registry;
using Ci.Tests.Fixtures;
using Ci.Tests.Pages;

namespace Ci.Tests.EndToEnd;

/// <summary>A merge publishes what its pull request's build has pushed, and builds when it cannot.</summary>
public sealed class PromotionTests(Azurite azurite, Fixtures.DockerEngine engine, DockerRegistry registry) : IAsyncLifetime
{
    private const string IndexType = "application/vnd.oci.image.index.v1+json";

    private static readonly string Architecture = RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64
        ? "arm64" : "amd64";
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    private CiScenario _scenario = null!;

    public async ValueTask InitializeAsync() => _scenario = await CiScenario.StartAsync(azurite, engine, registry);

    public async ValueTask DisposeAsync() => await _scenario.DisposeAsync();

    [Fact]
    public async Task A_merge_publishes_the_image_that_was_tried_out_without_building()
    {
        var tried = await _scenario.OpenAsync(_scenario.Files("merge me"));
        var merged = await _scenario.MergeAsync(tried.PullRequest);

        Assert.Equal(tried.Images[0].Digest, merged.Images[0].Digest);
        Assert.Equal(["0.2.0", "latest", "sha-" + tried.Commit[..12]], merged.Images[0].Tags);
        Assert.Equal(tried.Images[0].Digest, await registry.DigestAsync(_scenario.ServiceName, "latest"));
        Assert.DoesNotContain("Step 1/", await _scenario.LogAsync(merged.Id), StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_images_of_a_commit_are_published()
    {
        var files = _scenario.Files("both");
        files["dockerInfo.json"] =
            $$"""
            [{ "service_name": "{{_scenario.ServiceName}}/a", "version": "1" },
             { "service_name": "{{_scenario.ServiceName}}/b", "version": "2" }]
            """;
        var tried = await _scenario.OpenAsync(files);
        var merged = await _scenario.MergeAsync(tried.PullRequest);

        Assert.Equal(tried.Images.Select(image => image.Digest), merged.Images.Select(image => image.Digest));
        Assert.Equal(["1", "2"], merged.Images.Select(image => image.Tags[0]));
    }

    [Fact]
    public async Task An_index_of_several_platforms_is_published_as_it_is()
    {
        var tried = await _scenario.OpenAsync(_scenario.Files("for everybody"));
        using var http = new HttpClient { BaseAddress = registry.Url };
        var client = new RegistryClient(http);
        var tag = "sha-" + tried.Commit[..12];
        var one = (await client.FindAsync(_scenario.ServiceName, tag, Cancellation))!;
        var index = new Manifest("", IndexType, 0, Encoding.UTF8.GetBytes(
                $$"""
                { "schemaVersion": 2, "mediaType": "{{IndexType}}",
                 "manifests": [ { "mediaType": "{{one.MediaType}}", "digest": "{{one.Digest}}",
                 "size": {{one.Content.Length}}, "platform": { "os": "linux", "architecture": "{{Architecture}}" } } ] }
                """));
        await client.TagAsync(_scenario.ServiceName, tag, index, Cancellation);
        var digest = Manifest.DigestOf(index.Content);
        await new Samples(_scenario.Storage).Records.UpdateAsync(
            tried.Id, build => build with { Images = [build.Images[0] with { Digest = digest }] }, Cancellation);

        var merged = await _scenario.MergeAsync(tried.PullRequest);

        Assert.Equal((digest, one.Size), (merged.Images[0].Digest, merged.Images[0].Size));
        Assert.Equal(IndexType, (await client.FindAsync(_scenario.ServiceName, "latest", Cancellation))!.MediaType);
        Assert.Equal("for everybody", (await engine.PullAndRunAsync(merged.Images[0].Reference)).Trim());
    }

    [Fact]
    public async Task A_merge_is_built_when_the_registry_has_lost_the_image()
    {
        var tried = await _scenario.OpenAsync(_scenario.Files("lost"));
        await registry.DeleteAsync(_scenario.ServiceName, tried.Images[0].Digest);

        var merged = await _scenario.MergeAsync(tried.PullRequest);

        var log = await _scenario.LogAsync(merged.Id);
        Assert.True(log.Contains("Step 1/", StringComparison.Ordinal), log + await _scenario.LogAsync(tried.Id));
        Assert.Equal("lost", (await engine.PullAndRunAsync(merged.Images[0].Reference)).Trim());
    }

    [Fact]
    public async Task A_merge_that_is_rebuilt_by_hand_is_built()
    {
        var tried = await _scenario.OpenAsync(_scenario.Files("again"));
        var merged = await _scenario.MergeAsync(tried.PullRequest);
        await _scenario.PostAsync($"api/builds/{merged.Id}/rebuild");

        await _scenario.UntilLoggedAsync(merged.Id, "Step 1/");
        Assert.Equal("succeeded", (await _scenario.EndOfAsync(merged.Id)).State);
    }

    [Fact]
    public async Task A_merge_is_built_when_its_pull_request_was_not()
    {
        var failed = await _scenario.OpenAsync(new(_scenario.Files("x")) { ["Dockerfile"] = "FROM scratch\nRNU\n" });
        var merged = await _scenario.MergeAsync(failed.PullRequest);

        Assert.Equal(("failed", "failed"), (failed.State, merged.State));
    }
}
