using Ci.Local;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Ci.Tests.Local;

/// <summary>What the host cannot run is refused at start, with a sentence.</summary>
public sealed class RefusalTests
{
    [Fact]
    public async Task A_setting_in_percent_signs_that_is_not_set() => Assert.Equal(
        "'%Queues__Jobs%-%Suffix%' names setting Suffix, which is not set: add it to local.settings.json or the environment.",
        await TestHost.RefusalAsync([typeof(QueueSamples.ByName)], settings: new() { ["Queues:Jobs"] = "nightly" }));

    [Fact]
    public async Task A_queue_name_that_storage_would_refuse() => Assert.StartsWith(
        "Function ByName takes its messages from queue 'a_b-c'; a queue's name has 3 to 63 letters",
        await TestHost.RefusalAsync([typeof(QueueSamples.ByName)], settings: new() { ["Queues:Jobs"] = "a_b", ["Suffix"] = "c" }),
        StringComparison.Ordinal);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public async Task A_connection_that_is_not_set(string? connection) => Assert.Equal(
        "Function Jobs takes its messages from connection AzureWebJobsStorage, which is not set: add AzureWebJobsStorage to local.settings.json or the environment.",
        await TestHost.RefusalAsync([typeof(QueueSamples.Jobs)], settings: new() { ["AzureWebJobsStorage"] = connection }));

    [Fact]
    public async Task A_connection_string_that_is_none_without_showing_it()
    {
        var sentence = await TestHost.RefusalAsync([typeof(QueueSamples.Jobs)], settings: new() { ["AzureWebJobsStorage"] = "AccountKey=secret" });

        Assert.StartsWith("Setting AzureWebJobsStorage is no Azure Storage connection string", sentence, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(typeof(SameName), "Two functions are named 'twin': give one of them another name.")]
    [InlineData(typeof(NoTrigger), "Function Idle has no trigger that this host knows: mark a parameter with HttpTrigger or QueueTrigger.")]
    [InlineData(typeof(Unbound), "Function Unbound has parameter 'String id'; this host knows a HttpRequest with HttpTrigger, a CancellationToken and values of the route.")]
    [InlineData(typeof(BytesMessage), "Function BytesMessage has parameter 'Byte[] message'; this host knows a string with QueueTrigger and a CancellationToken.")]
    [InlineData(typeof(TextResult), "Function TextResult returns String; this host knows IResult, Task<IResult>, Task and void.")]
    [InlineData(typeof(BadRoute), "Function BadRoute has route 'a/{b', which is none: ")]
    public async Task A_function_that_this_host_cannot_call(Type function, string sentence) =>
        Assert.StartsWith(sentence, await TestHost.RefusalAsync([function]), StringComparison.Ordinal);

    [Theory]
    [InlineData("""{ "IsEncrypted": true, "Values": {} }""", "local.settings.json: IsEncrypted is true; ")]
    [InlineData("""{ "Values": { "A": {} } }""", "local.settings.json: Values.A is {}; it must be a text in quotes.")]
    [InlineData("{ ", "local.settings.json cannot be read: ")]
    public void A_wrong_local_settings_json(string text, string sentence) =>
        Assert.StartsWith(sentence, Assert.Throws<HostException>(() => LocalSettings.Parse(text)).Message, StringComparison.Ordinal);

    public static class SameName
    {
        [Function("Twin")]
        public static void One([HttpTrigger("get")] HttpRequest request)
        {
        }

        [Function("twin")]
        public static void Two([HttpTrigger("post")] HttpRequest request)
        {
        }
    }

    public static class NoTrigger
    {
        [Function("Idle")]
        public static void Run()
        {
        }
    }

    public static class Unbound
    {
        [Function("Unbound")]
        public static void Run([HttpTrigger("get", Route = "x/{other}")] HttpRequest request, string id)
        {
        }
    }

    public static class BytesMessage
    {
        [Function("BytesMessage")]
        public static void Run([QueueTrigger("jobs")] byte[] message)
        {
        }
    }

    public static class TextResult
    {
        [Function("TextResult")]
        public static string Run([HttpTrigger("get")] HttpRequest request) => "";
    }

    public static class BadRoute
    {
        [Function("BadRoute")]
        public static void Run([HttpTrigger("get", Route = "a/{b")] HttpRequest request)
        {
        }
    }
}
