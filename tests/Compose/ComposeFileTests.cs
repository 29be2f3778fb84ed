using System.Text.RegularExpressions;

namespace Ci.Tests.Compose;

public sealed partial class ComposeFileTests
{
    [Fact]
    public async Task Compose_takes_the_file_as_it_is_without_any_settings()
    {
        var config = await ConfigAsync();

        Assert.Contains("Registry__Address: localhost:83", config, StringComparison.Ordinal);
        Assert.Contains("Registry__Url: http://registry:5000", config, StringComparison.Ordinal);
        Assert.Contains("QueueEndpoint=http://azurite:10001/devstoreaccount1;", config, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compose_takes_the_file_with_the_example_settings()
    {
        var config = await ConfigAsync("--env-file", ".env.example");

        Assert.Contains("ngrok/ngrok:", config, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_setting_of_the_example_reaches_a_service()
    {
        var example = Path.GetTempFileName();
        try
        {
            var lines = Setting().Matches(Shell.ReadFile(".env.example")).Select(line => line.Groups["name"].Value).ToList();
            var settings = lines.Where(name => name != "COMPOSE_PROFILES").ToDictionary(name => name, name => $"value-of-{name}");
            await File.WriteAllLinesAsync(
                example, settings.Select(s => $"{s.Key}={s.Value}"), TestContext.Current.CancellationToken);

            var config = await ConfigAsync("--env-file", example, "--profile", "tunnel");

            Assert.Equal(23, settings.Count);
            Assert.All(settings.Values, value => Assert.Contains(value, config, StringComparison.Ordinal));
        }
        finally
        {
            File.Delete(example);
        }
    }

    [Theory]
    [InlineData("azurite")]
    [InlineData("registry")]
    public async Task The_functions_wait_for_the_health_of(string service)
    {
        var config = await ConfigAsync();

        Assert.Matches(
            $@"\n  functions:\n(    .*\n)*    depends_on:\n(      .*\n)*      {service}:\n        condition: service_healthy\n", config);
    }

    [Fact]
    public void Every_port_is_open_to_this_machine_alone()
    {
        var ports = Port().Matches(Shell.ReadFile("docker-compose.yml")).Select(port => port.Groups["port"].Value);

        Assert.Equal(
            [
                "127.0.0.1:81:80", "127.0.0.1:10000:10000", "127.0.0.1:10001:10001", "127.0.0.1:10002:10002",
                "127.0.0.1:83:5000", "127.0.0.1:82:4040",
            ],
            ports);
    }

    [Fact]
    public void Every_image_of_others_has_an_exact_version_and_digest()
    {
        var images = Image().Matches(Shell.ReadFile("docker-compose.yml")).Select(image => image.Groups["image"].Value);

        Assert.All(
            images.Where(image => image != "pull-request-images-functions"),
            image => Assert.Matches(@":\d+\.\d+\.\d+(-alpine)?@sha256:[0-9a-f]{64}\z", image));
    }

    /// <summary>The file as compose understands it.</summary>
    private static async Task<string> ConfigAsync(params string[] options)
    {
        var (code, output) = await Shell.RunAsync([.. await ComposeCommand.FindAsync(), .. options, "config"]);
        Assert.True(code == 0, output);
        return output;
    }

    [GeneratedRegex(@"^#?(?<name>[A-Z]\w+)=", RegexOptions.Multiline)]
    private static partial Regex Setting();

    [GeneratedRegex(@"^ +- ""(?<port>[\d.]+:[\d:]+)""", RegexOptions.Multiline)]
    private static partial Regex Port();

    [GeneratedRegex(@"^ +image: (?<image>\S+)", RegexOptions.Multiline)]
    private static partial Regex Image();
}
