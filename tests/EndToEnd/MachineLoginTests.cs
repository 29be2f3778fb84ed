using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>A base in another registry than the one that is pushed to is pulled with what docker login left on the machine.</summary>
public sealed class MachineLoginTests(
    Azurite azurite, DockerEngine engine, DockerRegistry registry, MachineLoginTests.LockedRegistry elsewhere)
    : IClassFixture<MachineLoginTests.LockedRegistry>, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ci-login-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("BuildKit", false)]
    [InlineData("BuildKit", true)]
    [InlineData("Classic", false)]
    [InlineData("Classic", true)]
    public async Task A_private_base_of_another_registry_is_pulled_with_the_machines_login(string builder, bool withHelper)
    {
        var beneath = await elsewhere.ImageAsync();
        await WriteAsync(elsewhere.Registry, withHelper);
        await using var scenario = await StartAsync(
            registry, builder, ("Docker__Config", _folder.FullName),
            ("PATH", _folder.FullName + ":" + Environment.GetEnvironmentVariable("PATH")));

        var above = await scenario.OpenAsync(
            new(scenario.Files("above")) { ["Dockerfile"] = $"FROM {beneath}\nRUN echo above > /{Guid.NewGuid():n}\n" });

        Assert.True(above.State == "succeeded", above.Summary + scenario.Host.Output);
        Assert.DoesNotContain(DockerRegistry.Password, await scenario.LogAsync(above.Id), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("BuildKit")]
    [InlineData("Classic")]
    public async Task Without_a_login_it_fails_with_the_registrys_refusal(string builder)
    {
        var beneath = await elsewhere.ImageAsync();
        await using var scenario = await StartAsync(registry, builder, ("Docker__Config", _folder.FullName));

        var build = await scenario.OpenAsync(new(scenario.Files("above")) { ["Dockerfile"] = $"FROM {beneath}\n" });

        Assert.Equal("failed", build.State);
        Assert.Matches("(?i)auth|denied|credentials", build.Summary);
    }

    private Task<CiScenario> StartAsync(DockerRegistry to, string builder, params (string Setting, string Value)[] more) =>
        CiScenario.StartAsync(
            azurite, engine, to, more.Append(("Docker__Builder", builder)).ToDictionary(s => s.Item1, s => (string?)s.Item2));

    private async Task WriteAsync(DockerRegistry locked, bool withHelper)
    {
        var config = locked.DockerConfig;
        if (withHelper)
        {
            config = $$"""{ "credHelpers": { "{{locked.Address}}": "kept" } }""";
            var helper = Path.Combine(_folder.FullName, "docker-credential-kept");
            // Not written by this process, in which a child that another test starts would have it open for writing.
            await RunningProcess.RunAsync("sh", "-c", "printf '%s\n' \"$1\" > \"$0\" && chmod +x \"$0\"", helper,
                $$"""
                #!/bin/sh
                read host; [ "$1 $host" = "get {{locked.Address}}" ] && echo '{"Username":"{{DockerRegistry.User}}","Secret":"{{DockerRegistry.Password}}"}'
                """);
        }

        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "config.json"), config);
    }

    /// <summary>A registry that asks for a password.</summary>
    public sealed class LockedRegistry(DockerEngine engine) : IAsyncLifetime
    {
        public DockerRegistry Registry { get; } = new() { AsksForPassword = true };

        public async ValueTask InitializeAsync() => await Task.WhenAll(engine.StartAsync(), Registry.StartAsync());

        /// <summary>An image in it under a name that the engine does not know, so that it has to ask.</summary>
        public Task<string> ImageAsync() => Registry.PushAsync(engine, DockerEngine.BaseImage, $"beneath:{Guid.NewGuid():n}");

        public ValueTask DisposeAsync() => Registry.DisposeAsync();
    }
}
