using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Ci.Pipeline.Builds;
using Ci.StandIn;
using Ci.Tests.Fixtures;
using Ci.Tests.Pages;
using Ci.Tests.StandIn;

namespace Ci.Tests.EndToEnd;

/// <summary>A build as the API shows it.</summary>
public sealed record BuildSeen(
    string Id, string State, string Summary, int PullRequest, string Commit, string Url, int Attempts, ImageSeen[] Images,
    string[] Warnings, string[] LogTail,
    string? SupersededBy);

/// <summary>An image of a build.</summary>
public sealed record ImageSeen(string Name, string[] Tags, string Reference, string Digest, long Size);

/// <summary>A repository at the stand-in and a host that builds it: what a test tells its scenario with.</summary>
public sealed class CiScenario : IAsyncDisposable
{
    public const string Secret = "a secret that only this test knows";

    public const string Key = "a key that only this test knows";

    public const string Repository = "sample/repository";

    private const string ApiUrl = "GitHub__ApiUrl";

    private const string StorageName = "AzureWebJobsStorage";

    private static readonly System.Text.Json.JsonSerializerOptions Json = new(System.Text.Json.JsonSerializerDefaults.Web);

    private readonly HttpClient _http = new();
    private readonly Dictionary<int, PullRequestState> _pulls = [];
    private readonly GitRepository _git;
    private readonly Dictionary<string, string?> _settings;
    private readonly string? _key;
    private DeliveryAnswer? _last;

    private CiScenario(GitRepository git, GitHubStandIn gitHub, Dictionary<string, string?> settings, string? key)
    {
        _git = git;
        GitHub = gitHub;
        _settings = settings;
        _key = key;
        _http.DefaultRequestHeaders.Add("x-functions-key", Key);
    }

    public GitHubStandIn GitHub { get; }

    /// <summary>The connection string of the scenario's own storage account.</summary>
    public string Storage => _settings[StorageName]!;

    public RunningHost Host { get; private set; } = null!;

    /// <summary>An image name that no other scenario uses.</summary>
    public string ServiceName { get; } = "s" + Guid.NewGuid().ToString("n")[..10];

    /// <summary>Begins one, on a host that another scenario with the same settings has left, or on one of its own.</summary>
    public static async Task<CiScenario> StartAsync(
        Azurite azurite, DockerEngine engine, DockerRegistry registry, IReadOnlyDictionary<string, string?>? settings = null,
        StandInApp? app = null)
    {
        await Task.WhenAll(azurite.StartAsync(), engine.StartAsync(), registry.StartAsync());
        var key = app is null ? KeyOf(engine, registry, settings ?? new Dictionary<string, string?>()) : null;
        var kept = key is null ? null : IdleHosts.Take(key);
        var git = await GitRepository.CreateAsync();
        var gitHub = await GitHubStandIn.StartAsync(new GitHubStandInOptions
        {
            Port = kept is null ? TestEnvironment.FreePort() : new Uri(kept.Settings[ApiUrl]!).Port,
            Token = "the-token",
            WebhookSecret = Secret,
            App = app,
            PullRequests = kept?.PullRequests ?? 0,
        });
        gitHub.Add(Repository, git);
        gitHub.Redelivers = true;
        var scenario = new CiScenario(git, gitHub, kept?.Settings ?? Settings(azurite, engine, registry, gitHub, settings), key);
        if (kept is null)
        {
            await scenario.StartHostAsync();
        }
        else
        {
            scenario.Use(kept.Host);
        }

        return scenario;
    }

    public async Task StartHostAsync() => Use(await RunningHost.StartAsync(_settings));

    private void Use(RunningHost host)
    {
        Host = host;
        Host.ForgetOutput();
        GitHub.WebhookUrl = new Uri(Host.Url, "/api/webhook");
    }

    /// <summary>What two scenarios must have in common to share a host; null for one that has another storage or GitHub than all.</summary>
    private static string? KeyOf(DockerEngine engine, DockerRegistry registry, IReadOnlyDictionary<string, string?> settings) =>
        settings.ContainsKey(ApiUrl) || settings.ContainsKey(StorageName) ? null : string.Join(
            '\n',
            [engine.Host, registry.Url.ToString(), .. settings.OrderBy(s => s.Key, StringComparer.Ordinal).Select(
                s => $"{s.Key}={s.Value}")]);

    private static Dictionary<string, string?> Settings(
        Azurite azurite, DockerEngine engine, DockerRegistry registry, GitHubStandIn gitHub, IReadOnlyDictionary<string, string?>? settings)
    {
        var all = new Dictionary<string, string?>
        {
            [StorageName] = azurite.NewAccount(),
            [ApiUrl] = gitHub.BaseUrl.ToString(),
            ["GitHub__Token"] = "the-token",
            ["GitHub__WebhookSecret"] = Secret,
            ["Api__Key"] = Key,
            ["Registry__Address"] = registry.Address,
            ["Registry__Url"] = registry.Url.ToString(),
            ["Docker__Host"] = engine.Host,
            // Another try comes soon: nothing that a scenario waits for is better for a longer wait.
            ["AzureFunctionsJobHost__extensions__queues__visibilityTimeout"] = "00:00:01",
        };
        foreach (var (name, value) in settings ?? new Dictionary<string, string?>())
        {
            all[name] = value;
        }

        return all;
    }

    public Dictionary<string, string> Files(string says) => new()
    {
        ["dockerInfo.json"] = $$"""{ "service_name": "{{ServiceName}}", "version": "0.2.0" }""",
        ["Dockerfile"] = $"FROM {DockerEngine.BaseImage}\nCOPY says.txt /says.txt\nCMD [\"cat\", \"/says.txt\"]\n",
        ["says.txt"] = says,
    };

    public async Task<BuildSeen> OpenAsync(Dictionary<string, string> files, int randomBytes = 0)
    {
        var branch = "b" + Guid.NewGuid().ToString("n")[..8];
        if (randomBytes > 0)
        {
            await WriteRandomAsync(Path.Combine(_git.Folder, "random"), randomBytes);
        }

        var commit = await _git.CommitAsync(branch, files, "A change");
        var (pull, answer) = await GitHub.OpenPullRequestAsync(Repository, branch, commit, "A change");
        return await FollowAsync(pull, answer);
    }

    public async Task<BuildSeen> PushAsync(int number, Dictionary<string, string> files)
    {
        var pull = _pulls[number];
        var commit = await _git.CommitAsync(pull.Branch, files, "Another change");
        var (pushed, answer) = await GitHub.PushAsync(pull, commit);
        return await FollowAsync(pushed, answer);
    }

    public async Task<BuildSeen> MergeAsync(int number)
    {
        var pull = _pulls[number];
        var (merged, answer) = await GitHub.MergeAsync(pull, await _git.MergeAsync(pull.Branch));
        return await FollowAsync(merged, answer);
    }

    /// <summary>Like <see cref="Files"/>, with a step that takes its time and is never taken from the cache.</summary>
    public Dictionary<string, string> SlowFiles(string says, string step)
    {
        var files = Files(says);
        files["Dockerfile"] = $"FROM {DockerEngine.BaseImage}\nENV ONCE={Guid.NewGuid():n}\nRUN {step}\nCOPY says.txt /says.txt\nCMD "
            + "[\"cat\", \"/says.txt\"]\n";
        return files;
    }

    /// <summary>The archive that GitHub has of a commit.</summary>
    public async Task<byte[]> ArchiveAsync(string commit)
    {
        using var git = _git.StartArchive(commit, "top");
        using var archive = new MemoryStream();
        await git.StandardOutput.BaseStream.CopyToAsync(archive);
        return archive.ToArray();
    }

    /// <summary>Pushes a commit whose delivery is not sent yet.</summary>
    public async Task<(string Commit, Guid Delivery)> PreparePushAsync(int number, Dictionary<string, string> files)
    {
        var pull = _pulls[number];
        var commit = await _git.CommitAsync(pull.Branch, files, "A change whose delivery is late");
        var (pushed, delivery) = GitHub.Change(pull with { Before = pull.Head, Head = commit }, "synchronize");
        _pulls[number] = pushed;
        return (commit, delivery);
    }

    public async Task<(int Status, JsonNode Answer)> DeliverAsync(Guid delivery)
    {
        var answer = await GitHub.RedeliverAsync(delivery);
        return (answer.Status, JsonNode.Parse(answer.Body)!);
    }

    /// <summary>What a force push to an earlier commit does.</summary>
    public async Task<BuildSeen> PushCommitAsync(int number, string commit)
    {
        var (pushed, answer) = await GitHub.PushAsync(_pulls[number], commit);
        return await FollowAsync(pushed, answer);
    }

    /// <summary>Opens a pull request from a fork; its head is reachable through the base repository, as on GitHub.</summary>
    public async Task<(PullRequestState Pull, JsonNode Answer)> OpenForkAsync(Dictionary<string, string> files)
    {
        var branch = "b" + Guid.NewGuid().ToString("n")[..8];
        var commit = await _git.CommitAsync(branch, files, "A stranger's change");
        var (pull, answer) = await GitHub.OpenPullRequestAsync(
            Repository, branch, commit, "A stranger's change", headRepository: "stranger/repository");
        return (pull, JsonNode.Parse(answer.Body)!);
    }

    /// <summary>A stranger pushes to a fork.</summary>
    public async Task<(PullRequestState Pull, JsonNode Answer)> PushForkAsync(PullRequestState pull, Dictionary<string, string> files)
    {
        var (pushed, answer) = await GitHub.PushAsync(pull, await _git.CommitAsync(pull.Branch, files, "Another of a stranger's changes"));
        return (pushed, JsonNode.Parse(answer.Body)!);
    }

    /// <summary>Comments, later than anything that happened to the pull request.</summary>
    public async Task<JsonNode> CommentAsync(PullRequestState pull, string body, string by) =>
        JsonNode.Parse((await GitHub.CommentAsync(pull, body, by, pull.UpdatedAt.AddSeconds(2))).Body)!;

    /// <summary>Closes it without a merge and waits for what that does; null when it does nothing.</summary>
    public async Task<(int Status, BuildSeen? Closing)> CloseAsync(int number)
    {
        var (closed, answer) = await GitHub.ChangeAsync(_pulls[number] with { State = "closed" }, "closed");
        _pulls[number] = closed;
        var id = JsonNode.Parse(answer.Body)!["id"]?.ToString();
        return (answer.Status, id is null ? null : await EndOfAsync(id));
    }

    public async Task<(int Status, BuildSeen? Closing)> CloseDraftAsync()
    {
        var (pull, _) = await GitHub.OpenPullRequestAsync(Repository, "draft", new string('d', 40), "A draft", draft: true);
        _pulls[pull.Number] = pull;
        return await CloseAsync(pull.Number);
    }

    public async Task<BuildSeen> ReopenAsync(int number)
    {
        var (opened, answer) = await GitHub.ChangeAsync(_pulls[number] with { State = "open" }, "reopened");
        return await FollowAsync(opened, answer);
    }

    /// <summary>The attempts at a build that were not begun because nobody seemed to be at it: its worker was killed, or the
    /// machine is so busy that it could not renew its hold in time.</summary>
    public int Tries(BuildSeen build, params RunningHost[] others) =>
        build.Attempts - others.Append(Host).Sum(
            host => host.Output.Split($"Build {build.Id} was Running, and nobody was at it").Length - 1);

    public Task UntilLoggedAsync(string id, string words) => TestEnvironment.UntilAsync(
        async () => (await LogAsync(id)).Contains(words, StringComparison.Ordinal), $"'{words}' in the log of {id}", onTimeout: () =>
            Host.Output);

    public async Task<(int Status, JsonNode Answer)> PostAsync(string path)
    {
        using var response = await _http.PostAsync(new Uri(Host.Url, path), null);
        return ((int)response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    /// <summary>Waits for a dead letter.</summary>
    public async Task<JsonNode> DeadLetterAsync(Func<JsonNode, bool> isIt)
    {
        JsonNode? found = null;
        await TestEnvironment.UntilAsync(
            async () => (found = JsonNode.Parse(await GetAsync("api/dead-letters"))!["oldest"]!.AsArray()
                .FirstOrDefault(l => isIt(l!))) is not null,
            "the dead letter",
            onTimeout: () => Host.Output);
        return found!;
    }

    /// <summary>What GitHub was told of a build's commit, oldest first, as <c>state description</c>.</summary>
    public IReadOnlyList<string> Statuses(BuildSeen build) =>
        [.. GitHub.Statuses(Repository, build.Commit).Select(status => $"{status.State} {status.Description}")];

    /// <summary>Another host on the same storage.</summary>
    public Task<RunningHost> StartSecondHostAsync() => RunningHost.StartAsync(_settings);

    public async Task<BuildSeen> DeliverUnknownCommitAsync()
    {
        var (pull, answer) = await GitHub.OpenPullRequestAsync(Repository, "gone", new string('0', 40), "Unknown");
        return await FollowAsync(pull, answer);
    }

    public async Task<(int Status, JsonNode Answer)> RedeliverLastAsync()
    {
        var answer = await GitHub.RedeliverAsync(_last!.Delivery);
        return (answer.Status, JsonNode.Parse(answer.Body)!);
    }

    /// <summary>Delivers a pull request and returns its build's id without waiting for the build.</summary>
    public async Task<string> OpenWithoutWaitingAsync(Dictionary<string, string> files)
    {
        var branch = "b" + Guid.NewGuid().ToString("n")[..8];
        var commit = await _git.CommitAsync(branch, files, "A change");
        var (pull, answer) = await GitHub.OpenPullRequestAsync(Repository, branch, commit, "A change");
        _pulls[pull.Number] = pull;
        return IdOf(answer);
    }

    public async Task<BuildSeen> BuildAsync(string id) =>
        System.Text.Json.JsonSerializer.Deserialize<BuildSeen>(await GetAsync($"api/builds/{id}"), Json)!;

    public Task<BuildSeen> EndOfAsync(string id) => UntilAsync(id, b => b.State is not ("queued" or "running"), "its end");

    public async Task<BuildSeen> UntilAsync(string id, Func<BuildSeen, bool> condition, string what)
    {
        BuildSeen? build = null;
        await TestEnvironment.UntilAsync(
            async () => condition(build = await BuildAsync(id)), $"build {id} to reach {what}", () => $"It is {build}.\n{Host.Output}");
        return build!;
    }

    public Task<string> LogAsync(string id, long offset = 0) =>
        GetAsync(string.Create(CultureInfo.InvariantCulture, $"api/builds/{id}/log?offset={offset}"));

    public async Task<IEnumerable<JsonNode>> ListAsync(int count) =>
        JsonNode.Parse(await GetAsync($"api/builds?count={count}"))!.AsArray().Select(n => n!);

    /// <summary>The message as the build's row in the table keeps it.</summary>
    public async Task<string> RecordedMessageAsync(string id)
    {
        var table = new Azure.Data.Tables.TableClient(_settings[StorageName], "builds");
        // While something is left to be done about it, it is among the active ones.
        var row = await table.QueryAsync<Azure.Data.Tables.TableEntity>($"RowKey eq 'active-{id}' or RowKey eq 'id-{id}'").FirstAsync();
        return JsonNode.Parse(row.GetString("Record"))!["request"]!.ToJsonString();
    }

    /// <summary>Removes the rows of a build from the table, or all rows, as a person could, when nothing is left to be done about
    /// any.</summary>
    public async Task ForgetRowsAsync(string id = "")
    {
        var table = new Azure.Data.Tables.TableClient(Storage, "builds");
        await TestEnvironment.UntilAsync(
            async () => !await table.QueryAsync<Azure.Data.Tables.TableEntity>("RowKey ge 'active-' and RowKey lt 'active.'")
                .AnyAsync(), "that nothing is left to be done");
        await foreach (var row in table.QueryAsync<Azure.Data.Tables.TableEntity>(select: ["PartitionKey", "RowKey"]))
        {
            if (row.RowKey.EndsWith(id, StringComparison.Ordinal))
            {
                await table.DeleteEntityAsync(row.PartitionKey, row.RowKey);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        var isLeft = await IsLeftAsItWasAsync();
        if (!isLeft)
        {
            await Host.DisposeAsync();
        }

        await GitHub.DisposeAsync();
        _git.Dispose();
        _http.Dispose();
        if (isLeft)
        {
            await IdleHosts.KeepAsync(new(_key!, Host, _settings, GitHub.PullRequests));
        }

        // Whatever the scenario was about, all that was said to GitHub and by it must be what GitHub describes.
        Assert.All(GitHub.Exchanges, exchange => Assert.Equal(
            [], GitHubDescription.Instance.RequestErrors(exchange).Concat(GitHubDescription.Instance.ResponseErrors(exchange))));
    }

    /// <summary>Whether the host can go to another scenario: it runs, and has nothing left to do. A build whose end is still to
    /// be told is waited for a little; a host that is busy for longer just ends with its scenario.</summary>
    private async Task<bool> IsLeftAsItWasAsync()
    {
        if (_key is null || Host.HasExited)
        {
            return false;
        }

        var records = new Samples(Storage).Records;
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < TimeSpan.FromSeconds(5) && !Host.HasExited; await Task.Delay(25))
        {
            // Of a build that is being told of there is a record still, of one that a dead host had a message that nobody sees.
            if ((await records.ActiveAsync(CancellationToken.None)).All(build => build.State == BuildState.Waiting)
                && await CountAsync("builds") == 0 && await CountAsync("builds-poison") == 0)
            {
                return true;
            }
        }

        return false;

        async Task<int> CountAsync(string name)
        {
            var queue = new Azure.Storage.Queues.QueueClient(Storage, name);
            return await queue.ExistsAsync() ? (await queue.GetPropertiesAsync()).Value.ApproximateMessagesCount : 0;
        }
    }

    private async Task<BuildSeen> FollowAsync(PullRequestState pull, DeliveryAnswer answer)
    {
        _pulls[pull.Number] = pull;
        _last = answer;
        return await EndOfAsync(IdOf(answer));
    }

    /// <summary>A file that no compression makes smaller.</summary>
    private static async Task WriteRandomAsync(string path, int bytes)
    {
        await using var file = File.Create(path);
        var block = new byte[1 << 20];
        for (var written = 0; written < bytes; written += block.Length)
        {
            Random.Shared.NextBytes(block);
            await file.WriteAsync(block);
        }
    }

    private static string IdOf(DeliveryAnswer answer)
    {
        Assert.Equal((202, answer.Body), (answer.Status, answer.Body));
        return JsonNode.Parse(answer.Body)!["id"]!.GetValue<string>();
    }

    /// <summary>Asks the host; once more when its storage was too slow for the seconds that it is given, which is a 500.</summary>
    public async Task<string> GetAsync(string path)
    {
        var (status, text) = (0, "");
        await TestEnvironment.UntilAsync(
            async () =>
            {
                using var answer = await _http.GetAsync(new Uri(Host.Url, path));
                (status, text) = ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
                return status < 500;
            },
            $"another answer to {path} than an error",
            () => $"It was {status}: {text}\n{Host.Output}");
        return status == 200 ? text : throw new HttpRequestException($"{path} was answered {status}: {text}");
    }

    public async Task<string> GetAsync(string path, string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Host.Url, path)) { Headers = { { "Accept", accept } } };
        using var answer = await _http.SendAsync(request);
        return await answer.Content.ReadAsStringAsync();
    }
}
