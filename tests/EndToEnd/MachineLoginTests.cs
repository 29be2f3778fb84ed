using System.Text;
using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>A base in another registry than the one that is pushed to is pulled with what docker login left on the machine.</summary>
public sealed class MachineLoginTests(Azurite azurite, DockerEngine engine, Registry registry) : IDisposable
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
        await using var locked = new Registry { AsksForPassword = true };
        await using var open = await StartAsync(locked, builder, ("Registry__Username", Registry.User), ("Registry__Password", Registry.Password));
        var beneath = await open.OpenAsync(open.Files("beneath"));
        await WriteAsync(locked, withHelper);
        await using var story = await StartAsync(registry, builder, ("Docker__Config", _folder.FullName), ("PATH", _folder.FullName + ":" + Environment.GetEnvironmentVariable("PATH")));

        var above = await story.OpenAsync(new(story.Files("above")) { ["Dockerfile"] = $"FROM {beneath.Images[0].Reference}\nRUN cat /says.txt > /{Guid.NewGuid():n}\n" });

        Assert.True(above.State == "succeeded", above.Summary + story.Host.Output);
        Assert.DoesNotContain(Registry.Password, await story.LogAsync(above.Id), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("BuildKit")]
    [InlineData("Classic")]
    public async Task Without_a_login_it_fails_with_the_registrys_refusal(string builder)
    {
        await using var locked = new Registry { AsksForPassword = true };
        await using var story = await StartAsync(registry, builder, ("Docker__Config", _folder.FullName));
        await locked.StartAsync();

        var build = await story.OpenAsync(new(story.Files("above")) { ["Dockerfile"] = $"FROM {locked.Address}/some/base:1\n" });

        Assert.Equal("failed", build.State);
        Assert.Matches("(?i)auth|denied|credentials", build.Summary);
    }

    private Task<Story> StartAsync(Registry to, string builder, params (string Setting, string Value)[] more) =>
        Story.StartAsync(azurite, engine, to, more.Append(("Docker__Builder", builder)).ToDictionary(s => s.Item1, s => (string?)s.Item2));

    private async Task WriteAsync(Registry locked, bool withHelper)
    {
        var config = $$"""{ "auths": { "{{locked.Address}}": { "auth": "{{Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Registry.User}:{Registry.Password}"))}}" } } }""";
        if (withHelper)
        {
            config = $$"""{ "credHelpers": { "{{locked.Address}}": "kept" } }""";
            var helper = Path.Combine(_folder.FullName, "docker-credential-kept");
            // Not written by this process, in which a child that another test starts would have it open for writing.
            await RunningProcess.RunAsync("sh", "-c", "printf '%s\n' \"$1\" > \"$0\" && chmod +x \"$0\"", helper,
                $$"""
                #!/bin/sh
                read host; [ "$1 $host" = "get {{locked.Address}}" ] && echo '{"Username":"{{Registry.User}}","Secret":"{{Registry.Password}}"}'
                """);
        }

        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "config.json"), config);
    }
}
