using System.Text.RegularExpressions;

namespace Ci.Tests.Compose;

public sealed partial class TunnelCheckTests
{
    private const string Good = "0123456789abcdef0123456789abcdef";

    [Fact]
    public async Task With_a_token_and_a_secret_of_ones_own_the_tunnel_may_be_opened()
    {
        var (code, output) = await CheckAsync("token", Good);

        Assert.Equal((0, "The tunnel may be opened.\n"), (code, output));
    }

    [Theory]
    [InlineData("", Good, "NGROK_AUTHTOKEN is empty")]
    [InlineData("token", "", "GitHub__WebhookSecret is empty")]
    [InlineData("token", "short", "shorter than 16 characters")]
    [InlineData("token", "known-to-everyone-loopback-only", "is the published default")]
    public async Task Otherwise_it_stays_closed_and_says_what_to_do(string token, string secret, string sentence)
    {
        var (code, output) = await CheckAsync(token, secret);

        Assert.Equal(1, code);
        Assert.Contains(sentence, output, StringComparison.Ordinal);
        Assert.Contains("into .env", output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_default_that_it_refuses_is_the_default_that_the_functions_get()
    {
        Assert.Contains(
            "GitHub__WebhookSecret: ${GitHub__WebhookSecret:-known-to-everyone-loopback-only}",
            Shell.ReadFile("docker-compose.yml"),
            StringComparison.Ordinal);
    }

    /// <summary>Runs the service's own script; only compose's doubling of the dollar sign is undone.</summary>
    private static Task<(int Code, string Output)> CheckAsync(string token, string secret)
    {
        var script = Script().Match(Shell.ReadFile("docker-compose.yml")).Groups["script"].Value.Replace(
            "$$", "$", StringComparison.Ordinal);
        Assert.NotEmpty(script);
        return Shell.RunAsync(["/bin/sh", "-c", script], ("NGROK_AUTHTOKEN", token), ("GitHub__WebhookSecret", secret));
    }

    [GeneratedRegex(@"  tunnel-check:\n(.*\n)+?    command:\n      - \|\n(?<script>(        .*\n)+)")]
    private static partial Regex Script();
}
