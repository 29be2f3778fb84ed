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

    public static Build Running(Build build, params string[] stages) => build with
    {
        State = BuildState.Running,
        Summary = "Running.",
        Attempts = 1,
        StartedAt = build.Request.QueuedAt.AddSeconds(1),
        Stages = [.. stages.Select((stage, i) => new BuildStage(stage, build.Request.QueuedAt.AddSeconds(1 + (i * i * 3))))],
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
            new BuildStage("Source", build.Request.QueuedAt.AddSeconds(1)),
            new BuildStage("Build shop", build.Request.QueuedAt.AddSeconds(1 + (seconds * 0.05))),
            .. state == BuildState.Succeeded
                ?
                [
                    new BuildStage("Push shop", build.Request.QueuedAt.AddSeconds(1 + (seconds * 0.8))),
                    new BuildStage("Tags", build.Request.QueuedAt.AddSeconds(1 + (seconds * 0.97))),
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

    public const string Log = """
            0.0s  Build of octo/shop pull request #7 at a74ca74ca74c, attempt 1
            0.4s  Fetched the source, 212 kB compressed
            0.5s  Building shop from Dockerfile
            0.5s  Step 1/5 : FROM node:22-alpine
            0.6s   ---> 2f0a9c1e7d11
            0.6s  Step 2/5 : WORKDIR /app
            0.7s   ---> Using cache
            0.7s  Step 3/5 : COPY package.json package-lock.json ./
            0.9s   ---> 9d2b77ab01c4
            0.9s  Step 4/5 : RUN npm ci && npm test
            9.4s  added 212 packages in 8s
           11.2s  \e[1mshop\e[0m › \e[36mcart\e[0m
           11.3s    \e[32m✓\e[0m adds an item \e[2m(3 ms)\e[0m
           11.3s    \e[32m✓\e[0m removes an item \e[2m(1 ms)\e[0m
           11.4s    \e[33m○ skipped\e[0m asks for the address
           11.9s  \e[1;42m PASS \e[0m 2 of 3 tests
           12.0s  Step 5/5 : CMD ["node", "server.js"]
           12.2s  Successfully built 6f3d0e11b2aa
           12.3s  The push refers to repository [localhost:83/shop]
           12.9s  5f70bf18a086: Pushed
           13.6s  sha-a74ca74ca74c: digest: sha256:5555555555555555555555555555555555555555555555555555555555555555 size: 1156
           13.8s  Pushed localhost:83/shop as pr-7, sha-a74ca74ca74c: sha256:5555555555555555555555555555555555555555555555555555555555555555, 84 MB
           13.8s  Succeeded: Pushed localhost:83/shop:pr-7 (84 MB).

        """;

    public static string Coloured => Log.Replace("\\e", "\e", StringComparison.Ordinal);
}
