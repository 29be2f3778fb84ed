using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Ci.Pipeline.Builds.Storage;
using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>What Azure Storage Explorer, or any other client that knows nothing of us, sees: docs/inspect.md, sentence by
/// sentence.</summary>
public sealed class InspectionTests(Azurite azurite, DockerEngine engine, DockerRegistry registry)
{
    private static readonly Dictionary<string, string?> NoEngine = new() { ["Docker__Host"] = "unix:///tmp/no-engine-here.sock" };

    [Fact]
    public async Task A_waiting_message_is_complete_versioned_json_under_base64()
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry, NoEngine);
        var id = await scenario.OpenWithoutWaitingAsync(scenario.Files("x"));
        // Handed back with the host's end: nobody holds it while it is looked at.
        await scenario.Host.StopAsync();

        var text = await PeekAsync(scenario, "builds");

        var message = JsonNode.Parse(text)!.AsObject();
        Assert.Equal(
            ["version", "buildId", "purpose", "repository", "pullRequest", "commit", "title",
             "url", "author", "headRef", "baseRef", "defaultBranch", "isPrivate", "repositoryKilobytes",
             "isFork", "updatedAt", "delivery", "queuedAt"],
            message.Select(p => p.Key));
        Assert.Equal(
            ("1", id, "sample/repository"),
            (message["version"]!.ToString(), message["buildId"]!.ToString(), message["repository"]!.ToString()));
        Assert.Contains('\n', text);
    }

    [Fact]
    public async Task A_message_that_was_given_up_is_in_the_poison_queue_as_it_was()
    {
        await using var scenario = await CiScenario.StartAsync(
            azurite, engine, registry, new Dictionary<string, string?>(NoEngine)
            {
                ["AzureFunctionsJobHost__extensions__queues__maxDequeueCount"] = "1",
                ["Build__MaxAttempts"] = "1",
            });
        var id = await scenario.OpenWithoutWaitingAsync(scenario.Files("x"));
        await scenario.EndOfAsync(id);

        var message = JsonNode.Parse(await PeekAsync(scenario, "builds-poison"))!;

        Assert.Equal(id, message["buildId"]!.ToString());
    }

    [Fact]
    public async Task The_table_has_plain_columns_and_the_queries_of_the_documentation_find_a_build()
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry);
        var broken = scenario.Files("x");
        broken["Dockerfile"] = "RNU";
        var failed = await scenario.OpenAsync(broken);
        var built = await scenario.OpenAsync(scenario.Files("x"));
        var table = new TableClient(scenario.Storage, "builds");
        await TestEnvironment.UntilAsync(
            async () => !await table.QueryAsync<TableEntity>("RowKey ge 'active-' and RowKey lt 'active.'")
                .AnyAsync(), "that nothing is left to be done");

        var failures = await table.QueryAsync<TableEntity>("RowKey ge 'newest-' and RowKey lt 'newest.' and State eq 'Failed'")
            .ToArrayAsync(TestContext.Current.CancellationToken);
        var ofOne = await table.QueryAsync<TableEntity>($"RowKey ge 'newest-' and RowKey lt 'newest.' and Repository eq "
            + $"'sample/repository' and PullRequest eq {built.PullRequest}").ToArrayAsync(TestContext.Current.CancellationToken);

        Assert.Single(failures, failure => Regex.IsMatch(failure.RowKey, $"^newest-[0-9]+-{failed.Id}$"));
        Assert.DoesNotContain(failures, failure => failure.RowKey.EndsWith(built.Id, StringComparison.Ordinal));
        var row = Assert.Single(ofOne);
        Assert.Equal(
            ("Succeeded", built.Commit, built.Summary), (row.GetString("State"), row.GetString("Commit"), row.GetString("Summary")));
        Assert.Equal(built.Images[0].Digest, JsonNode.Parse(row.GetString("Record"))!["images"]![0]!["digest"]!.ToString());
    }

    [Fact]
    public async Task A_log_is_a_text_blob_that_a_double_click_opens()
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry);
        var build = await scenario.OpenAsync(scenario.Files("x"));

        var blob = await new BlobContainerClient(scenario.Storage, "build-logs").GetBlobClient(build.Id + ".log")
            .DownloadContentAsync(TestContext.Current.CancellationToken);

        Assert.StartsWith("text/plain", blob.Value.Details.ContentType, StringComparison.Ordinal);
        var records = blob.Value.Content.ToString().Split('\n')[..^1].Select(line => LogRecord.Parse(Encoding.UTF8.GetBytes(line))).ToList();
        Assert.All(records, record => Assert.NotNull(record.Time));
        Assert.Equal(await scenario.LogAsync(build.Id), string.Concat(records.Select(record => record + "\n")));
    }

    /// <summary>Takes no client of ours: the message as it is on the wire, decoded as Storage Explorer decodes it.</summary>
    private static async Task<string> PeekAsync(CiScenario scenario, string queue)
    {
        var client = new QueueClient(scenario.Storage, queue);
        string? wire = null;
        await TestEnvironment.UntilAsync(
            async () => await client.ExistsAsync()
                && (wire = (await client.PeekMessageAsync()).Value?.MessageText) is not null, $"a message on {queue}");
        return Encoding.UTF8.GetString(Convert.FromBase64String(wire!));
    }
}
