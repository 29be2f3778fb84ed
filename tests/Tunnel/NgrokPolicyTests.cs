using Ci.Tests.Fixtures;
using YamlDotNet.RepresentationModel;

namespace Ci.Tests.Tunnel;

/// <summary>What ngrok is told to do with requests (ngrok's documentation, "Traffic Policy").</summary>
public sealed class NgrokPolicyTests
{
    private const string File = "deploy/ngrok.yml";

    // Of a path as it was sent.
    private const string Dots = "(?i)/([.]|%2e){1,2}(/|$)";

    private static readonly YamlSequenceNode Rules = (YamlSequenceNode)Read(File)["on_http_request"];

    [Fact]
    public void Only_our_own_addresses_come_in()
    {
        var rule = Rules[0];

        Assert.Equal($"!req.url.path.startsWith('/api/') || !req.url.raw_path.startsWith('/api/') || req.url.raw_path.matches('{Dots}')", Assert.Single((YamlSequenceNode)rule["expressions"]).ToString());
        Assert.Equal(("custom-response", "404"), (rule["actions"][0]["type"].ToString(), rule["actions"][0]["config"]["status_code"].ToString()));
    }

    /// <summary>The pattern is one for RE2, whose parts that are used here mean the same in .NET.</summary>
    [Theory]
    [InlineData("/api/../admin/host/status", true)]
    [InlineData("/api/%2e%2e/admin/host/status", true)]
    [InlineData("/api/builds/.%2E/%2E./runtime/webhooks", true)]
    [InlineData("/api/./builds", true)]
    [InlineData("/api/..", true)]
    [InlineData("/api/badge/owner/re.po.svg", false)]
    [InlineData("/api/badge/owner/..re.svg", false)]
    [InlineData("/api/assets/pages.css", false)]
    [InlineData("/api/webhook", false)]
    public void Dots_that_the_host_would_resolve_do_not_come_in(string path, bool isRefused) =>
        Assert.Equal(isRefused, System.Text.RegularExpressions.Regex.IsMatch(path, Dots));

    [Fact]
    public void What_clients_send_under_our_names_is_taken_away_before_the_address_is_added()
    {
        var actions = (YamlSequenceNode)Rules[1]["actions"];

        Assert.Equal(["remove-headers", "add-headers"], actions.Select(action => action["type"].ToString()));
        Assert.Equal(["x-ci-client-address", "x-ms-invocation-id"], ((YamlSequenceNode)actions[0]["config"]["headers"]).Select(name => name.ToString()));
        Assert.Equal("${conn.client_ip}", actions[1]["config"]["headers"]["x-ci-client-address"].ToString());
        Assert.DoesNotContain(((YamlMappingNode)Rules[1]).Children.Keys, key => key.ToString() == "expressions");
    }

    [Fact]
    public void Compose_uses_it_and_believes_the_header_that_it_adds()
    {
        var services = Read("docker-compose.yml")["services"];

        Assert.Contains("./deploy/ngrok.yml:/etc/ngrok-policy.yml:ro", ((YamlSequenceNode)services["ngrok"]["volumes"]).Select(volume => volume.ToString()));
        var command = ((YamlSequenceNode)services["ngrok"]["command"]).Select(word => word.ToString()).ToList();
        Assert.Contains("--traffic-policy-file=/etc/ngrok-policy.yml", command);
        Assert.Contains("--inspect=false", command);
        Assert.Equal("x-ci-client-address", services["functions"]["environment"]["Api__ClientAddressHeader"].ToString(), ignoreCase: true);
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("docs/github.md")]
    [InlineData(File)]
    public void Whoever_starts_ngrok_by_hand_is_told_to_use_it(string document) => Assert.All(
        System.IO.File.ReadLines(Path.Combine(TestEnvironment.Root, document)).Where(line => line.Contains("ngrok http 7071", StringComparison.Ordinal)),
        line => Assert.Contains($"ngrok http 7071 --inspect=false --traffic-policy-file {File}", line, StringComparison.Ordinal));

    private static YamlNode Read(string path)
    {
        using var text = System.IO.File.OpenText(Path.Combine(TestEnvironment.Root, path));
        var yaml = new YamlStream();
        yaml.Load(text);
        return yaml.Documents[0].RootNode;
    }
}
