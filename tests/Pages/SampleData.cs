using Azure.Storage.Queues;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Queue;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Ci.Tests.Pages;

/// <summary>A few weeks of a shop's life, for pages to show.</summary>
internal static class SampleData
{
    private static readonly string[] Titles =
    [
        "Round prices up to the next cent", "Search by colour", "Update the base image",
        "Cache the product list", "Remove the old importer", "Show the delivery date",
    ];

    /// <summary>Puts it there; returns the address of each page that is worth a look, by name.</summary>
    public static async Task<Dictionary<string, string>> AddAsync(Samples samples, string storage)
    {
        foreach (var i in Enumerable.Range(0, 40))
        {
            var purpose = i % 5 == 0 ? BuildPurpose.Merge : BuildPurpose.PullRequest;
            var build = Samples.Queued(100 + i, Titles[i % Titles.Length], minutesAgo: 300 + (i * 400), purpose: purpose, commit: 'b');
            await samples.AddAsync(Samples.Pushed(build, 60 + (25 * Math.Sin(i / 3.0)) - i, 78_000_000 + (i * i % 7 * 1_100_000L)));
        }

        const string Title = "Remember the basket for a month";
        var newer = await samples.AddAsync(
            Samples.Running(Samples.Queued(12, Title, minutesAgo: 0.4), StageKind.Source, StageKind.Build, StageKind.Push), Half());
        var old = Samples.Ended(
            Samples.Queued(12, Title, minutesAgo: 2, commit: 'c'),
            BuildState.Superseded,
            "Superseded by the newer commit a24ca24ca24c.",
            9);
        await samples.AddAsync(old with { SupersededBy = newer.Id });
        var queued = await samples.AddAsync(Samples.Queued(14, "Fix the café's opening hours", "octo/coffee-house", minutesAgo: 0.2));
        var succeeded = Samples.Pushed(Samples.Queued(7, "Greet in French", minutesAgo: 12), 13.8);
        succeeded = succeeded with { Warnings = ["dockerInfo.json: key \"servce\" is unknown; did you mean \"service_name\"?"] };
        await samples.AddAsync(succeeded, Samples.Log);
        const string Failure = "Step 4/5 of Dockerfile failed: RUN npm ci && npm test returned 1.";
        var failed = Samples.Ended(Samples.Queued(9, "Pay by invoice", minutesAgo: 31), BuildState.Failed, Failure, 11);
        failed = failed with
        {
            LogTail = ["added 212 packages in 8s", "✗ sends the invoice", "  expected 200, got 500", "npm error code 1"],
        };
        await samples.AddAsync(
            failed,
            Half()
            + Samples.Line(11.3, "  \e[31m✗\e[0m sends the invoice")
            + Samples.Line(11.4, "    expected \e[1m200\e[0m, got \e[1;31m500\e[0m")
            + Samples.Line(11.5, "npm error code 1")
            + Samples.Line(11.6, $"Failed: {Failure}"));
        await samples.AddAsync(Samples.Ended(
            Samples.Queued(10, "Move the images to the CDN", minutesAgo: 55),
            BuildState.Error,
            "Given up after 5 attempts: the registry at localhost:83 does not answer. Start it, then press Rebuild.",
            3));
        await samples.AddAsync(Samples.Ended(
            Samples.Queued(11, "Try the new checkout", minutesAgo: 70), BuildState.Cancelled, "Cancelled by hand.", 5));
        var waiting = await samples.AddAsync(Waiting(Samples.Queued(15, "Sort the basket by price", minutesAgo: 4)));
        await AddLettersAsync(samples, storage);
        await AddDeliveriesAsync(storage, waiting);
        return new Dictionary<string, string>
        {
            ["list"] = "/api/builds",
            ["list-none"] = "/api/builds?repository=octo/shop&pull=4711&state=failed",
            ["running"] = $"/api/builds/{newer.Id}",
            ["queued"] = $"/api/builds/{queued.Id}",
            ["succeeded"] = $"/api/builds/{succeeded.Id}",
            ["failed"] = $"/api/builds/{failed.Id}",
            ["superseded"] = $"/api/builds/{old.Id}",
            ["repository"] = "/api/repositories/octo/shop",
            ["dead-letters"] = "/api/dead-letters",
            ["waiting"] = $"/api/builds/{waiting.Id}",
            ["deliveries"] = "/api/deliveries",
            ["sign-in"] = "/api/sign-in",
            ["health"] = "/api/health",
            ["missing"] = "/api/builds/aaaaaaaaaaaaaaaaaaaaaaaaaa",
        };
    }

    private static string Half() => string.Concat(Samples.Log.Split('\n').Take(14).Select(line => line + "\n"));

    private static Build Waiting(Build build) => Build.Waiting(
        build.Request with { IsFork = true },
        $"Waiting for approval: someone with write access comments /build {build.Request.Commit[..12]} or sets the label ok-to-build.") with
    { Reported = BuildState.Waiting };

    private static async Task AddDeliveriesAsync(string storage, Build build)
    {
        await using var ledger = new DeliveryLog(
            new Samples(storage).Records,
            Options.Create(new StorageOptions { ConnectionString = storage, RequestLimit = TimeSpan.FromMinutes(2) }),
            NullLogger<DeliveryLog>.Instance);
        var entry = new DeliveryLogEntry
        {
            Delivery = Guid.NewGuid().ToString(),
            At = Samples.Now,
            Event = "pull_request.opened",
            Status = 200,
            Verdict = "waiting for approval of a24ca24ca24c of pull request #15",
            Repository = build.Request.Repository,
            PullRequest = 15,
            Commit = build.Request.Commit,
            BuildId = build.Id,
        };
        ledger.Add(entry);
        ledger.Add(entry with
        {
            Delivery = Guid.NewGuid().ToString(),
            Event = "pull_request.closed",
            Verdict = "ignored: pull request #3 is a draft; it is built when it is marked ready for review",
            PullRequest = 3,
            BuildId = null,
        });
    }

    private static async Task AddLettersAsync(Samples samples, string storage)
    {
        var build = await samples.AddAsync(Samples.Ended(
            Samples.Queued(5, "Send mails at night", minutesAgo: 600),
            BuildState.Error,
            "Given up after 5 attempts: GitHub answered 503.",
            4));
        var queue = new QueueClient(storage, PoisonQueue.QueueName);
        await queue.CreateIfNotExistsAsync();
        await queue.SendMessageAsync(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(build.Request.ToJson())));
        await queue.SendMessageAsync("not base64 at all!");
    }
}
