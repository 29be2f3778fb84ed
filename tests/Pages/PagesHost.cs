using Ci.Tests.Fixtures;

namespace Ci.Tests.Pages;

/// <summary>A host on a storage of its own, which builds nothing: what its pages show is put there.</summary>
public sealed class PagesHost(Azurite azurite) : IAsyncLifetime
{
    private RunningHost? _host;

    public Uri Url => _host!.Url;

    internal Samples Samples { get; private set; } = null!;

    public string Storage { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        await azurite.StartAsync();
        Storage = azurite.NewAccount();
        Samples = new Samples(Storage);
        _host = await RunningHost.StartAsync(new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = Storage,
            ["Api__Key"] = EndToEnd.CiScenario.Key,
            ["GitHub__WebhookSecret"] = "a secret that only this test knows",
            ["Docker__Host"] = "unix:///nowhere/docker.sock",
            ["Report__PublicBadges"] = "octo/*, other/one",
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }
}
