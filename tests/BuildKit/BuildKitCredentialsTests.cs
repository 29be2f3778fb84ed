using Ci.BuildKit;
using Ci.Tests.Fixtures;

namespace Ci.Tests.BuildKit;

/// <summary>What registries are logged in to with, as a real engine asks for it over the session.</summary>
public sealed class BuildKitCredentialsTests(DockerEngine engine)
{
    private const string Base = DockerEngine.BaseImage;

    [Fact]
    public async Task A_private_base_image_is_pulled_with_the_credentials_that_the_engine_asks_for()
    {
        await using var registry = await PrivateRegistryAsync();
        var reference = $"{registry.Address}/private/base:1";
        await PushAsync(registry, reference);
        var asked = new List<string>();
        var building = new Building(engine)
        {
            Answers = new SessionAnswers
            {
                Credentials = (host, _) =>
                {
                    asked.Add(host);
                    return ValueTask.FromResult<RegistryCredentials?>(new(DockerRegistry.User, DockerRegistry.Password));
                },
            },
        };

        var image = await building.RunAsync($"FROM {reference}\nRUN echo on a private base > /made\n");

        Assert.Equal("on a private base", (await building.PrintsAsync(image, "cat", "/made")).Trim());
        Assert.Contains(registry.Address, asked);
        Assert.DoesNotContain(DockerRegistry.Password, building.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_private_base_image_is_pulled_from_a_registry_that_gives_tokens()
    {
        await using var registry = new DockerRegistry();
        await registry.StartAsync();
        await engine.StartAsync();
        await engine.RunAsync("tag", Base, $"{registry.Address}/private/base:1");
        await engine.RunAsync("push", $"{registry.Address}/private/base:1");
        await engine.RunAsync("rmi", "--no-prune", $"{registry.Address}/private/base:1");
        await using var tokens = await TokenRegistry.StartAsync(registry);
        var building = new Building(engine)
        {
            Answers = new SessionAnswers { Credentials = (_, _) => ValueTask.FromResult<RegistryCredentials?>(new(DockerRegistry.User, DockerRegistry.Password)) },
        };

        var image = await building.RunAsync($"FROM {tokens.Address}/private/base:1\nRUN echo with a token > /made\n");

        Assert.Equal("with a token", (await building.PrintsAsync(image, "cat", "/made")).Trim());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Wrong_or_no_credentials_fail_with_a_sentence_that_names_the_image(bool some)
    {
        await using var registry = await PrivateRegistryAsync();
        var building = new Building(engine)
        {
            Answers = new SessionAnswers
            {
                Credentials = (_, _) => ValueTask.FromResult(some ? new RegistryCredentials(DockerRegistry.User, "not the password") : null),
            },
        };

        var failure = await Assert.ThrowsAsync<BuildFailedException>(() => building.RunAsync($"FROM {registry.Address}/private/base:1\n"));

        Assert.StartsWith($"[internal] load metadata for {registry.Address}/private/base:1: pulling from host", failure.Message, StringComparison.Ordinal);
        Assert.Contains("401 Unauthorized", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("not the password", failure.Message, StringComparison.Ordinal);
    }

    private static async Task<DockerRegistry> PrivateRegistryAsync()
    {
        var registry = new DockerRegistry { AsksForPassword = true };
        await registry.StartAsync();
        return registry;
    }

    private async Task PushAsync(DockerRegistry registry, string reference)
    {
        await engine.StartAsync();
        var configuration = Directory.CreateTempSubdirectory("ci-t-").FullName;
        try
        {
            await engine.RunAsync("tag", Base, reference);
            await engine.RunAsync("--config", configuration, "login", "--username", DockerRegistry.User, "--password", DockerRegistry.Password, registry.Address);
            await engine.RunAsync("--config", configuration, "push", "--quiet", reference);
            await engine.RunAsync("rmi", "--no-prune", reference);
        }
        finally
        {
            Directory.Delete(configuration, recursive: true);
        }
    }
}
