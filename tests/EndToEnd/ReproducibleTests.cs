using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>The same commit, built again from empty caches, is the same image, whatever engine builds it.</summary>
public sealed class ReproducibleTests(Azurite azurite, DockerRegistry registry)
{
    [Theory]
    [InlineData("BuildKit")]
    [InlineData("Classic")]
    public async Task A_commit_that_is_built_twice_from_empty_caches_has_one_digest(string builder)
    {
        await using var engine = new DockerEngine();
        await using var scenario = await CiScenario.StartAsync(
            azurite, engine, registry, new Dictionary<string, string?> { ["Docker__Builder"] = builder });
        var first = await scenario.OpenAsync(scenario.Files("the same"));
        await engine.EmptyCacheAsync();

        await scenario.PostAsync($"api/builds/{first.Id}/rebuild");
        await scenario.UntilLoggedAsync(first.Id, "Step 2/");
        var second = await scenario.EndOfAsync(first.Id);

        Assert.DoesNotMatch("CACHED|Using cache", await scenario.LogAsync(first.Id));
        Assert.Equal(first.Images[0].Digest, second.Images[0].Digest);
        Assert.Equal(second.Images[0].Digest, await registry.DigestAsync(scenario.ServiceName, "sha-" + first.Commit[..12]));
        Assert.Equal("the same", (await engine.PullAndRunAsync(second.Images[0].Reference)).Trim());
    }
}
