using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Functions;

/// <summary><c>dotnet publish functions</c> gives a folder that a Functions host runs.</summary>
public sealed class PublishTests(PublishedApp app, Azurite azurite) : IClassFixture<PublishedApp>
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_has_all_that_a_host_reads()
    {
        var worker = (await ReadAsync("worker.config.json"))["description"]!;
        var functions = Names((await ReadAsync("functions.metadata")).AsArray());
        var extensions = Names((await ReadAsync("extensions.json"))["extensions"]!.AsArray());

        Assert.True(File.Exists(app.PathOf(worker["defaultWorkerPath"]!.GetValue<string>())), worker.ToJsonString());
        Assert.Contains("Webhook", functions);
        Assert.Contains("Build", functions);
        Assert.Contains("AzureStorageQueues", extensions);
        Assert.True(File.Exists(app.PathOf(".azurefunctions/Microsoft.Azure.WebJobs.Extensions.Storage.Queues.dll")));
        var hostJson = await File.ReadAllTextAsync(Path.Combine(TestEnvironment.Root, "host.json"), Cancellation);
        Assert.Equal(hostJson, await File.ReadAllTextAsync(app.PathOf("host.json"), Cancellation));

        static List<string> Names(JsonArray named) => [.. named.Select(one => one!["name"]!.GetValue<string>())];
    }

    /// <summary>A machine that has settings of its own shows it by the folder, any other by the project.</summary>
    [Fact]
    public void It_has_nobodys_own_settings()
    {
        var settings = XDocument.Load(Path.Combine(TestEnvironment.Root, "functions", "Ci.Functions.csproj")).Descendants()
            .Where(item => item.Attribute("Include")?.Value.EndsWith("local.settings.json", StringComparison.Ordinal) == true);

        Assert.False(File.Exists(app.PathOf("local.settings.json")));
        Assert.Equal("Never", Assert.Single(settings).Attribute("CopyToPublishDirectory")?.Value);
    }

    [Fact]
    public async Task It_runs()
    {
        await azurite.StartAsync();
        var settings = new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = azurite.NewAccount(),
            ["GitHub__WebhookSecret"] = "a secret that is long enough to be one",
        };
        await using var host = await RunningHost.StartAsync(settings, "--app", app.Folder, "--script-root", app.Folder);
        using var http = new HttpClient();
        using var unsigned = new StringContent("{}", Encoding.UTF8, "application/json");

        using var answer = await http.PostAsync(new Uri(host.Url, "/api/webhook"), unsigned, Cancellation);

        Assert.True(answer.StatusCode == HttpStatusCode.Unauthorized, host.Output);
        Assert.Contains("GitHub__WebhookSecret", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    private async Task<JsonNode> ReadAsync(string name) => JsonNode.Parse(await File.ReadAllTextAsync(app.PathOf(name), Cancellation))!;
}

/// <summary>The app, published into a folder of its own from what the tests were built with.</summary>
public sealed class PublishedApp : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ci-published-");

    public string Folder => _folder.FullName;

    public string PathOf(string name) => Path.Combine(Folder, name);

    public async ValueTask InitializeAsync()
    {
        // No server of the build may outlive it: it would keep the output open.
        await RunningProcess.RunAsync(
            TestEnvironment.Find("dotnet") ?? "dotnet",
            "publish", Path.Combine(TestEnvironment.Root, "functions"), "--configuration", BuiltApp.Configuration, "--output", Folder,
            "--no-build", "--disable-build-servers", "--nologo");
    }

    public ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }
}
