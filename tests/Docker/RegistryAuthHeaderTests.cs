using System.Text;
using Ci.BuildKit;
using Ci.Pipeline.Docker.Credentials;
using Ci.Pipeline.Registry;

namespace Ci.Tests.Docker;

/// <summary>What the engine is told to log in with.</summary>
public sealed class RegistryAuthHeaderTests
{
    [Fact]
    public void Logins_are_named_as_the_engine_looks_them_up() => Assert.Equal(
        """{"https://index.docker.io/v1/":{"username":"me","password":"secret","serveraddress":"https://index.docker.io/v1/"},"ghcr.io":{"identitytoken":"token","serveraddress":"ghcr.io"}}""",
        Decode(RegistryAuthHeader.All(new Dictionary<string, RegistryCredentials> { ["registry-1.docker.io"] = new("me", "secret"), ["ghcr.io"] = new("", "token") })));

    // These give '+' and '/' in plain base64, at which the engine takes no login at all.
    [Theory]
    [InlineData("a>?>?>b")]
    [InlineData("~~~???~~~")]
    public void Every_password_is_in_the_base64_for_URLs(string password)
    {
        var header = RegistryAuthHeader.One("registry.example", new("me", password));

        Assert.DoesNotContain(header, letter => letter is '+' or '/');
        Assert.Contains(System.Text.Json.JsonEncodedText.Encode(password).ToString(), Decode(header), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("docker.io", "registry-1.docker.io")]
    [InlineData("index.docker.io", "registry-1.docker.io")]
    [InlineData("docker.io.example", "docker.io.example")]
    public void Docker_Hubs_names_are_one_registry(string name, string registry) => Assert.Equal(registry, RegistryHost.Of(name));

    private static string Decode(string header) => Encoding.UTF8.GetString(Convert.FromBase64String(header.Replace('-', '+').Replace('_', '/')));
}
