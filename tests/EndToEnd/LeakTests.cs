using System.Text;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Text;
using Ci.StandIn;
using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>A canary in every secret setting is nowhere in what the system wrote, whatever went wrong.</summary>
public sealed class LeakTests(Azurite azurite, DockerEngine engine, DockerRegistry registry)
{
    private const string WebhookSecret = CiScenario.Secret;
    private const string Token = "the-token";
    private const string Key = CiScenario.Key;
    private const string RegistryPassword = "a password that only this registry knows";
    private const string BuildSecret = "a secret that only builds are given";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_secret_is_in_anything_that_the_system_wrote()
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry, new Dictionary<string, string?>
        {
            ["Registry__Username"] = "somebody",
            ["Registry__Password"] = RegistryPassword,
            ["Secrets__canary__Value"] = BuildSecret,
            ["Secrets__canary__Repositories"] = "*",
        });
        var storageKey = scenario.Storage.Split("AccountKey=")[1].Split(';')[0];
        string[] canaries = [WebhookSecret, Token, Key, RegistryPassword, BuildSecret, storageKey, Convert.ToBase64String(
            Encoding.UTF8.GetBytes(WebhookSecret))];
        var seen = new StringBuilder();

        // Builds that somebody who knows the secrets has print them: as they are, encoded, and in the words of a failure.
        var printing = scenario.Files("x");
        printing["dockerInfo.json"] = $$"""{ "service_name": "{{scenario.ServiceName}}", "version": "1", "secrets": ["canary"] }""";
        printing["Dockerfile"] += "RUN --mount=type=secret,id=canary cat /run/secrets/canary\n";
        printing["Dockerfile"] += string.Concat(canaries.Select(canary => $"RUN echo '{canary}'\n"));
        var printed = await scenario.OpenAsync(printing);
        var failing = scenario.Files("x");
        failing["Dockerfile"] += $"RUN echo '{WebhookSecret}' '{Token}' '{Key}' && false\n";
        var failed = await scenario.OpenAsync(failing);
        var broken = scenario.Files("x");
        broken["dockerInfo.json"] = $$"""{ "service_name": "{{Key}}", "version": "{{Token}}" }""";
        var refused = await scenario.OpenAsync(broken);
        await ProvokeAsync(scenario, seen);

        Assert.Equal(["succeeded", "failed", "failed"], [printed.State, failed.State, refused.State]);
        Assert.Contains(SecretMask.Shown, await scenario.LogAsync(printed.Id), StringComparison.Ordinal);
        await CollectAsync(scenario, [printed.Id, failed.Id, refused.Id], seen);
        var text = seen.ToString();
        Assert.All(canaries, canary => Assert.DoesNotContain(canary, text, StringComparison.Ordinal));
    }

    /// <summary>What goes wrong on the way: signatures and keys that do not fit, GitHub failing, a message that nobody can read.</summary>
    private static async Task ProvokeAsync(CiScenario scenario, StringBuilder seen)
    {
        using var http = new HttpClient();
        using var wrong = new HttpRequestMessage(HttpMethod.Post, new Uri(scenario.Host.Url, "api/webhook"))
        {
            Content = new StringContent("{}", Encoding.UTF8, "application/json"),
        };
        wrong.Headers.Add("X-Hub-Signature-256", GitHubStandIn.Sign("another secret", "{}"u8));
        using var refused = await http.SendAsync(wrong, Cancellation);
        seen.AppendLine(await refused.Content.ReadAsStringAsync(Cancellation));
        using var closed = await http.GetAsync(new Uri(scenario.Host.Url, "api/builds?code=wrong"), Cancellation);
        seen.AppendLine(await closed.Content.ReadAsStringAsync(Cancellation));
        await scenario.DeliverUnknownCommitAsync();
        scenario.GitHub.Faults.Enqueue(new StandInFault { Status = 500, Path = $"/repos/{CiScenario.Repository}/tarball" });
        await scenario.OpenAsync(scenario.Files("y"));
        await new QueueClient(scenario.Storage, "builds").SendMessageAsync(Convert.ToBase64String("not ours"u8), Cancellation);
        await scenario.DeadLetterAsync(_ => true);
    }

    private static async Task CollectAsync(CiScenario scenario, string[] ids, StringBuilder seen)
    {
        await foreach (var row in new TableClient(scenario.Storage, "builds").QueryAsync<TableEntity>(cancellationToken: Cancellation))
        {
            seen.AppendJoin('\n', row.Select(column => $"{column.Key}={column.Value}")).AppendLine();
        }

        var logs = new BlobContainerClient(scenario.Storage, BuildLogs.ContainerName);
        await foreach (var blob in logs.GetBlobsAsync(cancellationToken: Cancellation))
        {
            seen.AppendLine((await logs.GetBlobClient(blob.Name).DownloadContentAsync(Cancellation)).Value.Content.ToString());
        }

        foreach (var queue in new[] { "builds", "builds-poison" })
        {
            var messages = await new QueueClient(scenario.Storage, queue).PeekMessagesAsync(32, Cancellation);
            seen.AppendJoin('\n', messages.Value.Select(message => Encoding.UTF8.GetString(Convert.FromBase64String(message.MessageText))))
                .AppendLine();
        }

        foreach (var path in ids.SelectMany(id => new[] { $"api/builds/{id}", $"api/builds/{id}/log" }).Concat(
            ["api/builds", "api/dead-letters", "api/health", "api/sign-in"]))
        {
            seen.AppendLine(await scenario.GetAsync(path));
        }

        foreach (var exchange in scenario.GitHub.Exchanges)
        {
            seen.AppendLine($"{exchange.Path} {exchange.RequestBody}");
        }

        seen.AppendLine(scenario.Host.Output);
        foreach (var process in OperatingSystem.IsLinux() ? Directory.EnumerateDirectories("/proc")
            .Where(folder => int.TryParse(Path.GetFileName(folder), out _)) : [])
        {
            seen.AppendLine(await CommandLineAsync(process));
        }
    }

    private static async Task<string> CommandLineAsync(string process)
    {
        try
        {
            return await File.ReadAllTextAsync(Path.Combine(process, "cmdline"), Cancellation);
        }
        catch (IOException)
        {
            // It ended meanwhile.
            return "";
        }
    }
}
