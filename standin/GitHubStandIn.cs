using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Ci.StandIn;

/// <summary>Where and what the stand-in plays.</summary>
public sealed record GitHubStandInOptions
{
    public int Port { get; init; }

    /// <summary>The address to listen on: loopback, unless a container is to reach it.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>The token that requests must carry; null lets everybody in, as GitHub does with public repositories.</summary>
    public string? Token { get; init; }

    /// <summary>A GitHub App that may come in instead of the token.</summary>
    public StandInApp? App { get; init; }

    public Uri? WebhookUrl { get; init; }

    public string WebhookSecret { get; init; } = "";

    /// <summary>The highest number that a pull request has had before.</summary>
    public int PullRequests { get; init; }
}

/// <summary>What a delivery was answered.</summary>
/// <param name="Delivery">Its GUID.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The body.</param>
public sealed record DeliveryAnswer(Guid Delivery, int Status, string Body);

/// <summary>Plays GitHub over local git repositories: answers the REST endpoints that the CI calls, and sends deliveries signed
/// as GitHub signs them.</summary>
public sealed class GitHubStandIn : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, GitRepository> _repositories = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<(string Repository, int Number), PullRequestState> _pulls = new();
    private readonly ConcurrentDictionary<Guid, (string Event, string Payload)> _deliveries = new();
    private readonly ConcurrentDictionary<string, string> _archives = new();
    // GitHub waits for ten seconds. Here that would be a test of the machine.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly HttpClient _http = new() { Timeout = Patience };
    private readonly GitHubStandInOptions _options;
    private StandInServer _server = null!;
    private int _number;

    private GitHubStandIn(GitHubStandInOptions options)
    {
        _options = options;
        _number = options.PullRequests;
        StatusBoard = new Statuses(this);
        CommentBoard = new Comments(this);
        CheckBoard = new CheckRuns(this);
        AppRegistry = new Apps(this, options.App);
        Database = new Database(this);
    }

    /// <summary>The address that stands for https://api.github.com.</summary>
    public Uri BaseUrl => _server.ApiUrl;

    /// <summary>Answers to give instead of the right ones, first come first served.</summary>
    public ConcurrentQueue<StandInFault> Faults { get; } = new();

    /// <summary>Where deliveries go; may change when a host is restarted.</summary>
    public Uri? WebhookUrl { get; set; }

    /// <summary>Whether somebody presses <i>Redeliver</i> at once when a delivery was refused for now (503): on a slow machine it
    /// is, since the CI gives storage and GitHub a few seconds to answer.</summary>
    public bool Redelivers { get; set; }

    /// <summary>The requests that came in, as <c>GET /path</c>.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>The same requests to the API (codeload is none of it), whole, each with its answer.</summary>
    public ConcurrentQueue<Exchange> Exchanges { get; } = new();

    /// <summary>Who is what in a repository: <c>admin</c>, <c>maintain</c>, <c>write</c>, <c>triage</c> or <c>read</c>; nobody
    /// else is anything.</summary>
    public ConcurrentDictionary<(string Repository, string Login), string> Roles { get; } = new();

    /// <summary>How many requests are left of this hour, as every answer says.</summary>
    public int RequestsLeft { get; set; } = RateLimit.Limit - 1;

    /// <summary>The most that is listed of a tree; GitHub's own limit is 100,000 entries or 7 MB (REST, "Get a tree").</summary>
    public int MaxTreeEntries { get; set; } = 100_000;

    internal Statuses StatusBoard { get; }

    internal Comments CommentBoard { get; }

    internal CheckRuns CheckBoard { get; }

    internal Apps AppRegistry { get; }

    internal Database Database { get; }

    public static async Task<GitHubStandIn> StartAsync(GitHubStandInOptions options)
    {
        var standIn = new GitHubStandIn(options) { WebhookUrl = options.WebhookUrl };
        standIn._server = await StandInServer.StartAsync(standIn, options);
        return standIn;
    }

    public void Add(string name, GitRepository repository) => _repositories[name] = repository;

    /// <summary>The highest number that a pull request has.</summary>
    public int PullRequests => _number;

    /// <summary>How many tokens the App was given.</summary>
    public int TokensGiven => AppRegistry.Asked;

    /// <summary>How long the App's tokens last from now on.</summary>
    public void HaveTokensLast(TimeSpan time) => AppRegistry.TokensLast = time;

    /// <summary>A commit's check runs, oldest first, each as it was last told.</summary>
    public IReadOnlyList<System.Text.Json.Nodes.JsonObject> CheckRuns(string repository, string sha) => CheckBoard.Of(repository, sha);

    internal string? RepositoryNamed(string name) =>
        _repositories.Keys.FirstOrDefault(full => full.EndsWith("/" + name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Makes a commit's archive before anybody asks for it; with git's own zlib, as GitHub does. Another's, .NET's,
    /// writes what does not compress in a way that takes ten times as long to read.</summary>
    public async Task KeepArchiveAsync(string repository, string commit)
    {
        var file = Path.GetTempFileName();
        await using var kept = File.Create(file);
        using var git = _repositories[repository].StartArchive(commit, StandInServer.TopFolder(repository, commit));
        await git.StandardOutput.BaseStream.CopyToAsync(kept);
        await git.WaitForExitAsync();
        _archives[commit] = file;
    }

    internal string? ArchiveOf(string commit) => _archives.GetValueOrDefault(commit);

    public GitRepository? Repository(string name) => _repositories.GetValueOrDefault(name);

    public PullRequestState? Pull(string repository, int number) => _pulls.GetValueOrDefault((repository, number));

    /// <summary>The statuses that a commit was given, oldest first.</summary>
    public IReadOnlyList<CommitStatus> Statuses(string repository, string sha) => StatusBoard.Of(repository, sha);

    /// <summary>The comments on a pull request, oldest first.</summary>
    public IReadOnlyList<IssueComment> Comments(string repository, int number) => CommentBoard.Of(repository, number);

    public async Task<(PullRequestState Pull, DeliveryAnswer Answer)> OpenPullRequestAsync(
        string repository, string branch, string head, string title, bool draft = false, string? headRepository = "")
    {
        var pull = new PullRequestState
        {
            Repository = repository,
            Number = Interlocked.Increment(ref _number),
            Branch = branch,
            Head = head,
            Title = title,
            Draft = draft,
            HeadRepository = headRepository == "" ? repository : headRepository,
            UpdatedAt = DateTimeOffset.UtcNow,
        };
        return await ChangeAsync(pull, "opened");
    }

    /// <summary>Has the API know a pull request without a delivery.</summary>
    public PullRequestState Keep(PullRequestState pull) => _pulls[(pull.Repository, pull.Number)] = pull;

    /// <summary>Somebody set a label.</summary>
    public Task<(PullRequestState Pull, DeliveryAnswer Answer)> LabelAsync(PullRequestState pull, string label, string by) =>
        ChangeAsync(pull with { LabelName = label, Labels = [.. pull.Labels, label], Sender = by }, "labeled");

    /// <summary>Somebody wrote a comment, changed it or deleted it, on the pull request or on an issue of that number.</summary>
    public Task<DeliveryAnswer> CommentAsync(
        PullRequestState pull, string body, string by, DateTimeOffset? at = null, string action = "created", bool isIssue = false) =>
        DeliverAsync("issue_comment", CommentPayload(pull, body, by, at ?? DateTimeOffset.UtcNow, action, isIssue).ToJsonString());

    /// <summary>GitHub's payload for a comment.</summary>
    public static System.Text.Json.Nodes.JsonObject CommentPayload(
        PullRequestState pull, string body, string by, DateTimeOffset at, string action = "created", bool isIssue = false) =>
        Ci.StandIn.Comments.Payload(pull, body, by, at, action, isIssue);

    /// <summary>A new head was pushed.</summary>
    public Task<(PullRequestState Pull, DeliveryAnswer Answer)> PushAsync(PullRequestState pull, string head) =>
        ChangeAsync(pull with { Before = pull.Head, Head = head }, "synchronize");

    /// <summary>It was merged.</summary>
    public Task<(PullRequestState Pull, DeliveryAnswer Answer)> MergeAsync(PullRequestState pull, string mergeCommit) =>
        ChangeAsync(pull with { State = "closed", Merged = true, MergeCommit = mergeCommit }, "closed");

    /// <summary>Something else happened to it.</summary>
    public async Task<(PullRequestState Pull, DeliveryAnswer Answer)> ChangeAsync(PullRequestState pull, string action)
    {
        var (changed, delivery) = Change(pull, action);
        return (changed, await RedeliverAsync(delivery));
    }

    /// <summary>Something happened to it, of which the delivery is sent by <see cref="RedeliverAsync"/>: late, out of order or
    /// never.</summary>
    public (PullRequestState Pull, Guid Delivery) Change(PullRequestState pull, string action)
    {
        // No two changes of a pull request in the same second, so that it is known which is the newer.
        var now = DateTimeOffset.UtcNow;
        var next = pull.UpdatedAt.AddSeconds(1);
        pull = Keep(pull with { UpdatedAt = next > now ? next : now, RepositoryKilobytes = Repository(pull.Repository)?.Kilobytes ?? 0 });
        var delivery = Guid.NewGuid();
        _deliveries[delivery] = ("pull_request", pull.Payload(action).ToJsonString());
        return (pull, delivery);
    }

    /// <summary>What GitHub sends when a webhook is made, and on request.</summary>
    public Task<DeliveryAnswer> PingAsync(string repository) => DeliverAsync("ping", Ping.Payload(repository, WebhookUrl!).ToJsonString());

    /// <summary>Sends a delivery, signed.</summary>
    public Task<DeliveryAnswer> DeliverAsync(string @event, string payload) => SendAsync(Guid.NewGuid(), @event, payload);

    /// <summary>What <i>Redeliver</i> does: the same GUID and payload once more.</summary>
    public Task<DeliveryAnswer> RedeliverAsync(Guid delivery, Uri? webhook = null) =>
        SendAsync(delivery, _deliveries[delivery].Event, _deliveries[delivery].Payload, webhook);

    /// <summary>Goes away and comes back at the same address, knowing what it knew.</summary>
    public async Task RestartAsync()
    {
        var port = BaseUrl.Port;
        await _server.DisposeAsync();
        _server = await StandInServer.StartAsync(this, _options with { Port = port });
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _http.Dispose();
        foreach (var archive in _archives.Values)
        {
            File.Delete(archive);
        }
    }

    private async Task<DeliveryAnswer> SendAsync(Guid id, string @event, string payload, Uri? webhook = null)
    {
        _deliveries[id] = (@event, payload);
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var answer = await SendOnceAsync(id, @event, payload, webhook);
            if (!Redelivers || answer.Status != 503 || watch.Elapsed > Patience)
            {
                return answer;
            }
        }
    }

    private async Task<DeliveryAnswer> SendOnceAsync(Guid id, string @event, string payload, Uri? webhook)
    {
        var body = Encoding.UTF8.GetBytes(payload);
        using var request = new HttpRequestMessage(HttpMethod.Post, webhook ?? WebhookUrl) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.UserAgent.ParseAdd("GitHub-Hookshot/0000000");
        request.Headers.Add("X-GitHub-Event", @event);
        request.Headers.Add("X-GitHub-Delivery", id.ToString());
        request.Headers.Add("X-GitHub-Hook-ID", "1");
        request.Headers.Add("X-Hub-Signature", OldSignature(_options.WebhookSecret, body));
        request.Headers.Add("X-Hub-Signature-256", Sign(_options.WebhookSecret, body));
        using var response = await _http.SendAsync(request);
        return new DeliveryAnswer(id, (int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

#pragma warning disable CA5350 // GitHub sends the older one along, for receivers that know no other.
    private static string OldSignature(string secret, byte[] body) =>
        "sha1=" + Convert.ToHexStringLower(HMACSHA1.HashData(Encoding.UTF8.GetBytes(secret), body));
#pragma warning restore CA5350

    /// <summary>The signature header's value for a body.</summary>
    public static string Sign(string secret, ReadOnlySpan<byte> body) =>
        "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body));
}
