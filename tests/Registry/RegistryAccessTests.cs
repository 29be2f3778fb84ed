using Ci.Pipeline;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Registry;
using Ci.Tests.BuildKit;
using Ci.Tests.Fixtures;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using DockerEngine = Ci.Tests.Fixtures.DockerEngine;

namespace Ci.Tests.Registry;

/// <summary>The registry's API is reached with its password, with a token, and over TLS that an authority of one's own vouches for.</summary>
public sealed class RegistryAccessTests(DockerRegistry open, DockerEngine engine)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_registry_that_asks_for_a_password_gets_it()
    {
        await using var registry = new DockerRegistry { AsksForPassword = true };
        await registry.StartAsync();

        Assert.Null(await FindAsync(registry.Url, "none", ("Registry:Username", DockerRegistry.User), ("Registry:Password", DockerRegistry.Password)));
    }

    [Fact]
    public async Task A_wrong_password_is_refused_in_words()
    {
        await using var registry = new DockerRegistry { AsksForPassword = true };
        await registry.StartAsync();

        var fault = await Assert.ThrowsAsync<ImageRefusedException>(
            () => FindAsync(registry.Url, "none", ("Registry:Username", DockerRegistry.User), ("Registry:Password", "a wrong one")));

        Assert.Contains("401", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("a wrong one", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_that_wants_a_token_gets_one_of_its_token_service()
    {
        await open.StartAsync();
        await engine.StartAsync();
        var name = "t" + Guid.NewGuid().ToString("n")[..8];
        await open.PushAsync(engine, DockerEngine.BaseImage, name + ":1");
        await using var tokens = await TokenRegistry.StartAsync(open);

        var manifest = await FindAsync(
            new Uri($"http://{tokens.Address}/"), name, ("Registry:Username", DockerRegistry.User), ("Registry:Password", DockerRegistry.Password));

        Assert.Equal(await open.DigestAsync(name, "1"), manifest?.Digest);
    }

    [Fact]
    public async Task An_authority_of_ones_own_is_trusted_by_setting_and_only_then()
    {
        await using var registry = new DockerRegistry { HasTls = true };
        await registry.StartAsync();

        Assert.Null(await FindAsync(registry.Url, "none", ("Registry:CaPath", registry.CaPath)));
        await Assert.ThrowsAsync<ImageUnavailableException>(() => FindAsync(registry.Url, "none"));
    }

    [Theory]
    [InlineData("Registry:CaPath", "/no/such/file", "Registry__CaPath is '/no/such/file'")]
    [InlineData("Registry:Username", "somebody", "Registry__Username and Registry__Password go together")]
    [InlineData("Secrets:npm:Value", "x", "Secrets__npm__Repositories is empty")]
    [InlineData("Secrets:npm:Repositories", "a/b", "Secrets__npm__Value is empty")]
    public void What_is_half_set_is_told_at_start(string setting, string value, string words)
    {
        using var services = Services((setting, value));

        var fault = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IStartupValidator>().Validate());

        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
    }

    private static async Task<Manifest?> FindAsync(Uri url, string name, params (string, string)[] settings)
    {
        using var services = Services([("Registry:Url", url.ToString()), .. settings]);
        return await services.GetRequiredService<RegistryClient>().FindAsync(name, "1", Cancellation);
    }

    private static ServiceProvider Services(params (string Setting, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Append(("GitHub:WebhookSecret", "long enough")).Append(("AzureWebJobsStorage", "UseDevelopmentStorage=true")).ToDictionary(s => s.Item1, s => (string?)s.Item2))
            .Build();
        return new ServiceCollection().AddLogging().AddPipeline(configuration).BuildServiceProvider();
    }
}
