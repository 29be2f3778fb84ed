using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using Ci.Pipeline.Registry;
using Ci.Tests.Fixtures;
using DockerEngine = Ci.Tests.Fixtures.DockerEngine;

namespace Ci.Tests.EndToEnd;

/// <summary>An image is for the platform that dockerInfo.json names, or fails with the engine's own words.</summary>
public sealed class PlatformTests(Azurite azurite, DockerEngine engine, DockerRegistry registry)
{
    private const string ListType = "application/vnd.docker.distribution.manifest.list.v2+json";

    private static string Architecture =>
        RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "amd64";

    [Theory]
    [InlineData("BuildKit")]
    [InlineData("Classic")]
    public async Task The_engines_own_platform_may_be_named(string builder)
    {
        await using var scenario = await StartAsync(builder);

        var build = await scenario.OpenAsync(Files(scenario, $"linux/{Architecture}"));

        Assert.True(build.State == "succeeded", build.Summary);
        Assert.Equal("x", (await engine.PullAndRunAsync(build.Images[0].Reference)).Trim());
    }

    [Theory]
    [InlineData("BuildKit", "linux/s390x")]
    [InlineData("Classic", "linux/s390x")]
    [InlineData("BuildKit", "no/such/platform/at/all")]
    [InlineData("Classic", "no/such/platform/at/all")]
    public async Task One_that_the_engine_cannot_build_for_fails_in_its_words(string builder, string platform)
    {
        await using var scenario = await StartAsync(builder);
        var files = Files(scenario, platform);
        files["Dockerfile"] = $"FROM {await PushListAsync(scenario.ServiceName + "/base")}\nRUN true\n";

        var build = await scenario.OpenAsync(files);

        Assert.Equal("failed", build.State);
        Assert.Matches("platform|no matching manifest", build.Summary);
    }

    /// <summary>Pushes a base that is listed for this machine's platform alone.</summary>
    private async Task<string> PushListAsync(string name)
    {
        var reference = await registry.PushAsync(engine, DockerEngine.BaseImage, name + ":one");
        using var http = new HttpClient { BaseAddress = registry.Url };
        var client = new RegistryClient(http);
        var one = (await client.FindAsync(name, "one", TestContext.Current.CancellationToken))!;
        var list =
            $$"""
            { "schemaVersion": 2, "mediaType": "{{ListType}}",
             "manifests": [ { "mediaType": "{{one.MediaType}}", "digest": "{{one.Digest}}",
             "size": {{one.Content.Length}}, "platform": { "os": "linux", "architecture": "{{Architecture}}" } } ] }
            """;
        await client.TagAsync(
            name, "listed", new Manifest("", ListType, 0, Encoding.UTF8.GetBytes(list)), TestContext.Current.CancellationToken);
        return reference.Replace(":one", ":listed", StringComparison.Ordinal);
    }

    private Task<CiScenario> StartAsync(string builder) =>
        CiScenario.StartAsync(azurite, engine, registry, new Dictionary<string, string?> { ["Docker__Builder"] = builder });

    private static Dictionary<string, string> Files(CiScenario scenario, string platform) => new(scenario.Files("x"))
    {
        ["dockerInfo.json"] =
            new JsonObject { ["service_name"] = scenario.ServiceName, ["version"] = "1", ["platform"] = platform }.ToJsonString(),
        ["Dockerfile"] = $"FROM {DockerEngine.BaseImage}\nCOPY says.txt /says.txt\nRUN cat /says.txt > /{Guid.NewGuid():n}\nCMD "
            + "[\"cat\", \"/says.txt\"]\n",
    };
}
