using Ci.Local;

namespace Ci.Tests.Local;

/// <summary>What the host cannot run is refused at start, with a sentence.</summary>
public sealed class RefusalTests
{
    [Fact]
    public async Task A_setting_in_percent_signs_that_is_not_set() => Assert.Equal(
        "'%Queues__Jobs%-%Suffix%' names setting Suffix, which is not set: add it to local.settings.json or the environment.",
        await TestHost.RefusalAsync(["JobsByName"], settings: new() { ["Queues:Jobs"] = "nightly" }));

    [Fact]
    public async Task A_queue_name_that_storage_would_refuse() => Assert.StartsWith(
        "Function JobsByName takes its messages from queue 'a_b-c'; a queue's name has 3 to 63 letters",
        await TestHost.RefusalAsync(["JobsByName"], settings: new() { ["Queues:Jobs"] = "a_b", ["Suffix"] = "c" }),
        StringComparison.Ordinal);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public async Task A_connection_that_is_not_set(string? connection) => Assert.Equal(
        "Function Jobs takes its messages from connection AzureWebJobsStorage, which is not set: add AzureWebJobsStorage to "
        + "local.settings.json or the environment.",
        await TestHost.RefusalAsync(["Jobs"], settings: new() { ["AzureWebJobsStorage"] = connection }));

    [Fact]
    public async Task A_connection_string_that_is_none_without_showing_it()
    {
        var sentence = await TestHost.RefusalAsync(["Jobs"], settings: new() { ["AzureWebJobsStorage"] = "AccountKey=secret" });

        Assert.StartsWith("Setting AzureWebJobsStorage is no Azure Storage connection string", sentence, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Tick", "Function Tick has a binding of type timerTrigger; this host knows httpTrigger, queueTrigger and the HTTP result.")]
    [InlineData("Announce", "Function Announce has a binding of type queue; ")]
    [InlineData("SdkMessage", "Function SdkMessage takes 'message' as a type of the Azure SDK, which only the Functions host gives; ")]
    [InlineData("SdkBytes", "Function SdkBytes takes 'message' as a type of the Azure SDK, which only the Functions host gives; ")]
    [InlineData("AnnounceByHttp", "Function AnnounceByHttp has a binding of type queue; ")]
    public async Task A_function_that_this_host_cannot_call(string function, string sentence) =>
        Assert.StartsWith(sentence, await TestHost.RefusalAsync([function]), StringComparison.Ordinal);

    [Fact]
    public async Task A_folder_without_an_app()
    {
        var folder = Directory.CreateTempSubdirectory("ci-no-app-");
        var e = await Assert.ThrowsAsync<HostException>(
            async () => await (await TestHost.StartAsync(["Echo"], app: folder.FullName)).DisposeAsync());
        folder.Delete();

        Assert.Equal(
            $"There is no worker.config.json in {folder.FullName}: build the Functions app, and name its output folder with --app.",
            e.Message);
    }

    [Theory]
    [InlineData("""{ "IsEncrypted": true, "Values": {} }""", "local.settings.json: IsEncrypted is true; ")]
    [InlineData("""{ "Values": { "A": {} } }""", "local.settings.json: Values.A is {}; it must be a text in quotes.")]
    [InlineData("{ ", "local.settings.json cannot be read: ")]
    public void A_wrong_local_settings_json(string text, string sentence) =>
        Assert.StartsWith(sentence, Assert.Throws<HostException>(() => LocalSettings.Parse(text)).Message, StringComparison.Ordinal);
}
