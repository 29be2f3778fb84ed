using Microsoft.Extensions.Options;

namespace Ci.Tests.Tunnel;

public sealed class TunnelOptionsTests : IAsyncLifetime
{
    private TunnelFixture _tunnel = null!;

    public async ValueTask InitializeAsync() => _tunnel = await TunnelFixture.CreateAsync();

    public ValueTask DisposeAsync() => _tunnel.DisposeAsync();

    [Fact]
    public async Task Off_is_the_default_and_then_nobody_is_asked_and_nothing_is_missing()
    {
        await _tunnel.StartAsync(
            ("Tunnel:Enabled", "false"), ("Tunnel:Repositories", ""), ("GitHub:Token", ""), ("GitHub:WebhookSecret", ""));
        await _tunnel.StopAsync();

        Assert.Equal(0, _tunnel.Ngrok.Asked);
        Assert.DoesNotContain(_tunnel.Logged, line => line.Contains("ngrok", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("Tunnel:NgrokApiUrl", "localhost", "Tunnel__NgrokApiUrl is \"localhost\"")]
    [InlineData("Tunnel:NgrokApiUrl", "ftp://localhost", "Tunnel__NgrokApiUrl is \"ftp://localhost\"")]
    [InlineData("Tunnel:PollInterval", "00:00:00", "Tunnel__PollInterval is \"00:00:00\"")]
    [InlineData("Tunnel:Repositories", " , ", "Tunnel__Repositories is empty")]
    [InlineData("Tunnel:Repositories", "app", "Tunnel__Repositories has \"app\"; write it as owner/name.")]
    [InlineData("Tunnel:Repositories", "https://github.com/octo/app", "write it as owner/name.")]
    [InlineData("Tunnel:Repositories", "octo/..", "write it as owner/name.")]
    [InlineData("GitHub:Token", "", "GitHub__Token is empty")]
    [InlineData("GitHub:WebhookSecret", "short", "openssl rand -hex 32")]
    [InlineData("GitHub:WebhookSecret", "replace-with-a-long-random-string", "openssl rand -hex 32")]
    [InlineData("GitHub:WebhookSecret", "known-to-everyone-loopback-only", "openssl rand -hex 32")]
    public async Task A_wrong_setting_ends_the_start_with_a_sentence(string key, string value, string sentence)
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => _tunnel.StartAsync((key, value)));

        Assert.Contains(sentence, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Repositories_may_be_listed_one_setting_each()
    {
        await _tunnel.StartAsync(("Tunnel:Repositories:0", "octo/list"), ("Tunnel:Repositories:1", "octo/app"));

        await _tunnel.LogsAsync("octo/list: GitHub's ping arrived");
        await _tunnel.LogsAsync("octo/app: GitHub's ping arrived");
    }
}
