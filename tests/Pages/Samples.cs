using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Text;
using Microsoft.Extensions.Options;

namespace Ci.Tests.Pages;

/// <summary>Builds as they may stand in the storage, put there without building anything.</summary>
internal sealed class Samples
{
    private readonly string _connection;

    public Samples(string connection)
    {
        _connection = connection;
        var options = new StorageOptions { ConnectionString = connection, RequestLimit = TimeSpan.FromMinutes(2) };
        Table = new BuildsTable(Options.Create(options));
        Records = new BuildStore(Table);
        Lists = new BuildLists(Records);
    }

    public BuildsTable Table { get; }

    public BuildStore Records { get; }

    public BuildLists Lists { get; }

    public static DateTimeOffset Now { get; } = DateTimeOffset.UtcNow;

    /// <summary>A build that was just queued; nobody takes it, for somebody seems to have it.</summary>
    public static Build Queued(
        int pull,
        string title = "A change",
        string repository = "octo/shop",
        double minutesAgo = 1,
        BuildPurpose purpose = BuildPurpose.PullRequest,
        char commit = 'a') =>
        Build.Queued(new BuildRequest
        {
            BuildId = new BuildId("a secret").Of(repository, pull, new string(commit, 40), purpose),
            Purpose = purpose,
            Repository = repository,
            PullRequest = pull,
            Commit = string.Concat(Enumerable.Repeat($"{commit}{pull % 10}4c", 10)),
            Title = title,
            Url = $"https://github.com/{repository}/pull/{pull}",
            Author = "ada",
            HeadRef = "feature/" + title.Split(' ')[0].ToLowerInvariant(),
            BaseRef = "main",
            DefaultBranch = "main",
            IsPrivate = false,
            UpdatedAt = Now.AddMinutes(-minutesAgo),
            Delivery = "72d3162e-cc78-11e3-81ab-4c9367dc0958",
            QueuedAt = Now.AddMinutes(-minutesAgo),
        }) with
        { Owner = "a test", OwnedUntil = Now.AddHours(1) };

    public static Build Running(Build build, params StageKind[] stages) => build with
    {
        State = BuildState.Running,
        Summary = "Running.",
        Attempts = 1,
        StartedAt = build.Request.QueuedAt.AddSeconds(1),
        Stages = [.. stages.Select((stage, i) => new BuildStage(stage, ImageOf(stage), build.Request.QueuedAt.AddSeconds(1 + (i * i * 3))))],
    };

    public static Build Ended(Build build, BuildState state, string summary, double seconds = 41) => build with
    {
        State = state,
        Summary = summary,
        Attempts = 1,
        StartedAt = build.Request.QueuedAt.AddSeconds(1),
        FinishedAt = build.Request.QueuedAt.AddSeconds(1 + seconds),
        Stages =
        [
            new BuildStage(StageKind.Source, null, build.Request.QueuedAt.AddSeconds(1)),
            new BuildStage(StageKind.Build, "shop", build.Request.QueuedAt.AddSeconds(1 + (seconds * 0.05))),
            .. state == BuildState.Succeeded
                ?
                [
                    new BuildStage(StageKind.Push, "shop", build.Request.QueuedAt.AddSeconds(1 + (seconds * 0.8))),
                    new BuildStage(StageKind.Tags, null, build.Request.QueuedAt.AddSeconds(1 + (seconds * 0.97))),
                ]
                : Array.Empty<BuildStage>(),
        ],
        Owner = null,
        OwnedUntil = null,
        Reported = state,
        Commented = state,
    };

    public static Build Pushed(Build build, double seconds = 41, long size = 84_000_000)
    {
        string[] tags = build.Request.Purpose == BuildPurpose.Merge ? ["0.4.0", "latest", "sha-" + Format.Commit(build.Request.Commit)]
            : [$"pr-{build.Request.PullRequest}", "sha-" + Format.Commit(build.Request.Commit)];
        var image = new PushedImage
        {
            Name = "shop",
            Tags = tags,
            Reference = $"localhost:83/shop:{tags[0]}",
            Digest = "sha256:" + new string('5', 64),
            Size = size,
        };
        return Ended(build, BuildState.Succeeded, $"Pushed {image.Reference} ({Format.Size(size)}).", seconds) with { Images = [image] };
    }

    public async Task<Build> AddAsync(Build build, string? log = null)
    {
        Assert.True(await Records.TryAddAsync(build, TestContext.Current.CancellationToken), "There is one of that id already.");
        if (log is not null)
        {
            await LogAsync(build, log);
        }

        return build;
    }

    /// <summary>Adds to a build's log.</summary>
    public async Task LogAsync(Build build, string text)
    {
        var container = new BlobContainerClient(_connection, BuildLogs.ContainerName);
        await container.CreateIfNotExistsAsync(cancellationToken: TestContext.Current.CancellationToken);
        var blob = container.GetAppendBlobClient(build.Id + ".log");
        await blob.CreateIfNotExistsAsync(cancellationToken: TestContext.Current.CancellationToken);
        using var bytes = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text));
        await blob.AppendBlockAsync(bytes, cancellationToken: TestContext.Current.CancellationToken);
    }

    private static string? ImageOf(StageKind stage) => stage is StageKind.Build or StageKind.Push ? "shop" : null;

    /// <summary>A log, as it is stored.</summary>
    public const string Log = """
        {"time":0,"stage":"Source","text":"Build of octo/shop pull request #7 at a74ca74ca74c, attempt 1"}
        {"time":0.4,"text":"Fetched the source, 212 kB compressed"}
        {"time":0.5,"stage":"Build","image":"shop","text":"Building shop from Dockerfile"}
        {"time":0.5,"step":{"number":1,"total":5,"instruction":"FROM node:22-alpine"}}
        {"time":0.6,"text":" ---> 2f0a9c1e7d11","detail":true}
        {"time":0.6,"step":{"number":2,"total":5,"instruction":"WORKDIR /app"}}
        {"time":0.7,"text":" ---> Using cache","detail":true}
        {"time":0.7,"step":{"number":3,"total":5,"instruction":"COPY package.json package-lock.json ./"}}
        {"time":0.9,"text":" ---> 9d2b77ab01c4","detail":true}
        {"time":0.9,"step":{"number":4,"total":5,"instruction":"RUN npm ci && npm test"}}
        {"time":9.4,"text":"added 212 packages in 8s"}
        {"time":11.2,"text":"\u001b[1mshop\u001b[0m › \u001b[36mcart\u001b[0m"}
        {"time":11.3,"text":"  \u001b[32m✓\u001b[0m adds an item \u001b[2m(3 ms)\u001b[0m"}
        {"time":11.3,"text":"  \u001b[32m✓\u001b[0m removes an item \u001b[2m(1 ms)\u001b[0m"}
        {"time":11.4,"text":"  \u001b[33m○ skipped\u001b[0m asks for the address"}
        {"time":11.9,"text":"\u001b[1;42m PASS \u001b[0m 2 of 3 tests"}
        {"time":12,"step":{"number":5,"total":5,"instruction":"CMD [\"node\", \"server.js\"]"}}
        {"time":12.2,"text":"Successfully built 6f3d0e11b2aa"}
        {"time":12.3,"stage":"Push","image":"shop","text":"The push refers to repository [localhost:83/shop]"}
        {"time":12.9,"text":"5f70bf18a086: Pushed"}
        {"time":13.6,"text":"sha-a74ca74ca74c: digest: sha256:5555555555555555555555555555555555555555555555555555555555555555 size: 1156"}
        {"time":13.8,"stage":"Tags","text":"Pushed localhost:83/shop as pr-7, sha-a74ca74ca74c: sha256:5555555555555555555555555555555555555555555555555555555555555555, 84 MB"}
        {"time":13.8,"stage":"End","text":"Succeeded: Pushed localhost:83/shop:pr-7 (84 MB)."}

        """;

    /// <summary>A line of a log, as it is stored.</summary>
    public static string Line(double time, string text) => new LogRecord { Time = time, Text = text }.ToJson();
}
