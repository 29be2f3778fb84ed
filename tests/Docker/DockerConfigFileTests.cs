using System.Diagnostics;
using Ci.Pipeline.Docker;
using Ci.Pipeline.Docker.Credentials;
using Ci.Pipeline.Registry;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Ci.Tests.Docker;

/// <summary>What docker login has left on the machine is found where the command line finds it.</summary>
public sealed class DockerConfigFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ci-logins-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("registry.example:5000", "registry.example:5000")]
    [InlineData("https://registry.example:5000/v1/", "registry.example:5000")]
    [InlineData("https://index.docker.io/v1/", "registry-1.docker.io")]
    public async Task A_password_in_the_file_is_found_by_the_registrys_host(string login, string host)
    {
        Write($$"""{ "auths": { "{{login}}": { "auth": "{{Convert.ToBase64String("me:a:b"u8)}}" } } }""");

        Assert.Equal(("me", "a:b"), await FindAsync(host));
        Assert.Null(await FindAsync("other.example"));
    }

    [Fact]
    public async Task An_identity_token_goes_without_a_user()
    {
        Write("""{ "auths": { "registry.example": { "identitytoken": "the-token" } } }""");

        Assert.Equal(("", "the-token"), await FindAsync("registry.example"));
    }

    [Theory]
    [InlineData("""{ "credsStore": "NAME" }""")]
    [InlineData("""{ "credHelpers": { "registry.example": "NAME" }, "auths": { "registry.example": {} } }""")]
    public async Task A_credential_helper_is_asked(string config)
    {
        Write(config.Replace("NAME", Helper("""[ "$1 $(cat)" = "get registry.example" ] && echo '{"Username":"me","Secret":"from the helper"}'"""), StringComparison.Ordinal));

        Assert.Equal(("me", "from the helper"), await FindAsync("registry.example"));
    }

    [Theory]
    [InlineData("echo credentials not found in native keychain; exit 1")]
    [InlineData("echo no json")]
    public async Task A_helper_that_has_none_is_no_error(string script)
    {
        Write($$"""{ "credsStore": "{{Helper(script)}}" }""");

        Assert.Null(await FindAsync("registry.example"));
    }

    [Theory]
    [InlineData("""{ "credsStore": "no-such-helper" }""")]
    [InlineData("""{ "credsStore": "../../bin/sh" }""")]
    [InlineData("""{ "auths": { "registry.example": { "auth": "no base64" } } }""")]
    [InlineData("""{ "auths": { "registry.example": null } }""")]
    [InlineData("not json")]
    public async Task What_cannot_be_read_is_left_out(string config)
    {
        Write(config);

        Assert.Null(await FindAsync("registry.example"));
    }

    [Fact]
    public async Task Without_a_file_there_are_none() => Assert.Null(await FindAsync("registry.example"));

    [Fact]
    public async Task Whoever_cannot_ask_gets_every_login_by_its_registry_and_the_settings_own_first()
    {
        Write(
            $$"""
            {
              "auths": { "https://index.docker.io/v1/": { "auth": "{{Convert.ToBase64String("hub:h"u8)}}" }, "ours.example:5000": { "auth": "{{Convert.ToBase64String("not:this"u8)}}" } },
              "credHelpers": { "kept.example": "{{Helper("""echo '{"Username":"me","Secret":"kept"}'""")}}", "lost.example": "no-such-helper" }
            }
            """);
        var settings = new RegistryOptions { Address = "ours.example:5000/team", Username = "us", Password = "ours" };

        var all = await new RegistryCredentialStore(Options.Create(settings), Logins()).AllAsync(TestContext.Current.CancellationToken);

        Assert.Equal(
            [("kept.example", "me", "kept"), ("ours.example:5000", "us", "ours"), ("registry-1.docker.io", "hub", "h")],
            all.Select(one => (one.Key, one.Value.Username, one.Value.Secret)).Order());
    }

    [Fact]
    public async Task The_settings_login_to_Docker_Hub_is_for_its_registry()
    {
        var settings = new RegistryOptions { Address = "docker.io/me", Username = "me", Password = "secret" };

        var found = await new RegistryCredentialStore(Options.Create(settings), Logins()).FindAsync("registry-1.docker.io", TestContext.Current.CancellationToken);

        Assert.Equal(("me", new Uri("https://registry-1.docker.io/")), (found?.Username, settings.ApiUrl));
    }

    private void Write(string config) => File.WriteAllText(Path.Combine(_folder.FullName, "config.json"), config);

    /// <summary>A helper on the path, under a name that no other test has.</summary>
    private string Helper(string script)
    {
        var name = "t" + Guid.NewGuid().ToString("n");
        var file = Path.Combine(_folder.FullName, "docker-credential-" + name);
        // Not written by this process: a child that another test starts meanwhile would have it open, and the kernel runs no
        // program that somebody has open for writing.
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "cat > \"$0\" && chmod +x \"$0\"", file]) { RedirectStandardInput = true })!;
        shell.StandardInput.Write("#!/bin/sh\n" + script + "\n");
        shell.StandardInput.Close();
        shell.WaitForExit();
        Environment.SetEnvironmentVariable("PATH", _folder.FullName + Path.PathSeparator + Environment.GetEnvironmentVariable("PATH"));
        return name;
    }

    private async Task<(string, string)?> FindAsync(string host)
    {
        return await Logins().FindAsync(host, TestContext.Current.CancellationToken) is { } found ? (found.Username, found.Secret) : null;
    }

    private DockerConfigFile Logins() => new(Options.Create(new DockerOptions { Config = _folder.FullName }), NullLogger<DockerConfigFile>.Instance);
}
