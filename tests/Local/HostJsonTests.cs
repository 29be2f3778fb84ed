using Ci.Local;
using Ci.Tests.Fixtures;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Ci.Tests.Local;

/// <summary>What host.json may say, and what is answered to the rest.</summary>
public sealed class HostJsonTests
{
    [Fact]
    public void Our_own_is_read()
    {
        var host = HostJson.Parse(File.ReadAllText(Path.Combine(TestEnvironment.Root, "host.json")));

        Assert.Equal("api", host.RoutePrefix);
        Assert.Equal(MessageEncoding.Base64, host.Queues.MessageEncoding);
        Assert.Equal(LogLevel.Warning, host.LogLevels["Azure.Core"]);
    }

    [Fact]
    public void The_defaults_are_the_Functions_hosts()
    {
        var host = HostJson.Parse("""{ "version": "2.0" } // a comment""");

        Assert.Equal(("api", TimeSpan.FromMinutes(30)), (host.RoutePrefix, host.FunctionTimeout));
        Assert.Equal(new QueueSettings { NewBatchThreshold = 8 * Environment.ProcessorCount }, host.Queues);
    }

    [Fact]
    public void Keys_are_read_in_any_case_and_unknown_ones_are_left_alone()
    {
        var host = HostJson.Parse(
            """
            { "version": "2.0", "FunctionTimeout": "-1", "extensionBundle": {},
             "Extensions": { "Queues": { "BatchSize": 3, "new": 1 } } }
            """);

        Assert.Null(host.FunctionTimeout);
        Assert.Equal((3, Environment.ProcessorCount), (host.Queues.BatchSize, host.Queues.NewBatchThreshold));
    }

    [Fact]
    public void A_setting_replaces_a_value_of_host_json()
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["AzureFunctionsJobHost:extensions:queues:batchSize"] = "3",
            ["AzureFunctionsJobHost:Extensions:Http:RoutePrefix"] = "ci",
        }).Build();

        var host = HostJson.Parse(
            HostJsonSettings.Apply(
                """{ "version": "2.0", "extensions": { "queues": { "BatchSize": 7, "maxDequeueCount": 2 } } }""", settings));

        Assert.Equal(("ci", 3, 2), (host.RoutePrefix, host.Queues.BatchSize, host.Queues.MaxDequeueCount));
    }

    [Theory]
    [InlineData("""{ "version": "2.0" }""", new[] { "A", "B" })]
    [InlineData("""{ "version": "2.0", "functions": [ "X", "Y", "Z" ] }""", new[] { "A", "B", "Z" })]
    public void Numbered_settings_replace_the_entries_of_a_list(string text, string[] functions)
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["AzureFunctionsJobHost:functions:0"] = "A",
            ["AzureFunctionsJobHost:functions:1"] = "B",
        }).Build();

        Assert.Equal(functions, HostJson.Parse(HostJsonSettings.Apply(text, settings)).Functions);
    }

    [Theory]
    [InlineData(
        """{ "version": "2.0", "functions": "Build" }""", "host.json: functions is \"Build\"; it must be a list of names in quotes.")]
    [InlineData("{", "host.json is no JSON: ")]
    [InlineData("{}", "host.json: version is ''; it must be \"2.0\".")]
    [InlineData("""{ "version": "1.0" }""", "host.json: version is '1.0'; it must be \"2.0\".")]
    [InlineData("""{ "version": "2.0", "functionTimeout": "soon" }""", "host.json: functionTimeout is \"soon\"; it must be a time "
        + "like \"00:00:30\", 00:00:01 at least, or \"-1\" for no limit.")]
    [InlineData("""{ "version": "2.0", "extensions": [] }""", "host.json: extensions is []; it must be an object.")]
    [InlineData("""{ "version": "2.0", "extensions": { "http": { "routePrefix": 1 } } }""", "host.json: extensions.http.routePrefix "
        + "is 1; it must be a text in quotes.")]
    [InlineData("""{ "version": "2.0", "logging": { "logLevel": { "default": "Loud" } } }""", "host.json: logging.logLevel.default "
        + "is \"Loud\"; it must be one of \"Trace\", \"Debug\", \"Information\", \"Warning\", \"Error\", \"Critical\", \"None\".")]
    public void A_wrong_value_is_answered_with_key_value_and_what_is_allowed(string text, string sentence) =>
        Assert.StartsWith(sentence, Assert.Throws<HostException>(() => HostJson.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("batchSize", "33", "it must be a number from 1 to 32")]
    [InlineData("batchSize", "0", "it must be a number from 1 to 32")]
    [InlineData("batchSize", "\"many\"", "it must be a number from 1 to 32")]
    [InlineData("newBatchThreshold", "-1", "it must be a number, 0 or more")]
    [InlineData("maxDequeueCount", "0", "it must be a number, 1 or more")]
    [InlineData("visibilityTimeout", "\"8.00:00:00\"", "it must be a time like \"00:00:30\", 00:00:00 at least, 7 days at most")]
    [InlineData("maxPollingInterval", "\"00:00:00.050\"", "it must be a time like \"00:00:30\", 00:00:00.1000000 at least")]
    [InlineData("messageEncoding", "\"utf8\"", "it must be one of \"Base64\", \"None\"")]
    public void A_wrong_queue_setting_is_too(string key, string value, string allowed)
    {
        var e = Assert.Throws<HostException>(
            () => HostJson.Parse($$$"""{ "version": "2.0", "extensions": { "queues": { "{{{key}}}": {{{value}}} } } }"""));

        Assert.Equal($"host.json: extensions.queues.{key} is {value}; {allowed}.", e.Message);
    }
}
