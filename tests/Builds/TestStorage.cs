using Azure.Core;
using Azure.Data.Tables;
using Azure.Storage.Queues;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.GitHub;
using Ci.Pipeline.Queue;
using Ci.Pipeline.Registry;
using Ci.Pipeline.Reporting;
using Ci.Pipeline.Reporting.Comments;
using Ci.Pipeline.Text;
using Ci.Pipeline.Tunnel;
using Ci.Tests.Fixtures;
using Ci.Tests.GitHub;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Ci.Tests.Builds;

/// <summary>The classes that keep state, on a real storage account of a test's own and a clock that the test moves.</summary>
internal sealed class TestStorage
{
    private readonly string _connection;

    private TestStorage(string connection)
    {
        _connection = connection;
        var options = Options.Create(new StorageOptions { ConnectionString = connection, RequestLimit = TimeSpan.FromMinutes(2) });
        Table = new BuildsTable(options);
        Records = new BuildStore(Table);
        BuildAdmission = new BuildAdmission(Table, Time);
        Claims = new TagOwnership(Table, Time);
        Queue = new BuildQueue(options);
        Lists = new BuildLists(Records);
    }

    public ManualTime Time { get; } = new();

    public BuildsTable Table { get; }

    public BuildStore Records { get; }

    public BuildAdmission BuildAdmission { get; }

    public TagOwnership Claims { get; }

    public BuildQueue Queue { get; }

    public BuildLists Lists { get; }

    public static async Task<TestStorage> StartAsync(Azurite azurite)
    {
        await azurite.StartAsync();
        return new TestStorage(azurite.NewAccount());
    }

    /// <summary>The storage of this connection string, whether it is there or not.</summary>
    public static TestStorage At(string connection) => new(connection);

    /// <summary>An admission of another process, one of whose requests is held.</summary>
    public BuildAdmission AdmissionOver(HeldRequest held)
    {
        var options = new TableClientOptions();
        options.AddPolicy(held, HttpPipelinePosition.PerCall);
        return new BuildAdmission(new BuildsTable(_connection, options), Time);
    }

    /// <summary>The commit statuses over a client; without a token none are told.</summary>
    public CommitStatuses Statuses(HttpClient http, string token = "")
    {
        var gitHub = TestGitHub.Client(http, token);
        return new(
            new CommitStatusClient(gitHub),
            new CheckRuns(new CheckRunClient(gitHub), Records, Comparer(http), new SecretMask([])),
            Records,
            Address(),
            Options.Create(new GitHubOptions { Token = token }),
            Options.Create(new ReportOptions()),
            Time,
            NullLogger<CommitStatuses>.Instance);
    }

    /// <summary>The comments over a client and a registry.</summary>
    public PullRequestComments Comments(HttpClient http, HttpClient registry, string token = "", ReportOptions? report = null, params string[] secrets) => new(
        new IssueComments(TestGitHub.Client(http, token)),
        new CommentComposer(Comparer(registry), Address(), new SecretMask(secrets), new BuildId("a secret")),
        new CommentClaims(Table, Time),
        Records,
        BuildAdmission,
        Options.Create(new GitHubOptions { Token = token }),
        Options.Create(report ?? new ReportOptions()),
        Time,
        NullLogger<PullRequestComments>.Instance);

    /// <summary>The ledger as a host has it.</summary>
    public DeliveryLog DeliveryLog() => new(Records, Options.Create(new StorageOptions { ConnectionString = _connection, RequestLimit = TimeSpan.FromMinutes(2) }), NullLogger<DeliveryLog>.Instance);

    /// <summary>What tells ends, without a token.</summary>
    public BuildNotifier BuildNotifier(HttpClient http) => new(Statuses(http), Comments(http, http));

    private static ImageComparer Comparer(HttpClient registry) =>
        new(new ImageInspector(new RegistryClient(registry), Options.Create(new RegistryOptions())), Options.Create(new ForkOptions()));

    private PublicAddress Address() => new(
        new Unused(), Options.Create(new ReportOptions { PublicUrl = "https://ci.example" }), Options.Create(new TunnelOptions()), Time);

    /// <summary>How many messages are on the queue, seen or hidden.</summary>
    public async Task<int> MessagesAsync() =>
        (await new QueueClient(_connection, BuildQueue.Name).GetPropertiesAsync(TestContext.Current.CancellationToken)).Value.ApproximateMessagesCount;

    /// <summary>A change of a pull request, <paramref name="second"/> seconds after the first.</summary>
    public PullRequestUpdate Change(
        char commit, int second, BuildPurpose purpose = BuildPurpose.PullRequest, int pull = 1, string repository = "owner/one", char? before = null, bool reopened = false) =>
        new(
            new BuildRequest
            {
                BuildId = new BuildId("a secret").Of(repository, pull, new string(commit, 40), purpose),
                Purpose = purpose,
                Repository = repository,
                PullRequest = pull,
                Commit = new string(commit, 40),
                Title = "A change",
                Url = $"https://github.com/{repository}/pull/{pull}",
                Author = "someone",
                HeadRef = "feature",
                BaseRef = "main",
                UpdatedAt = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(second),
                Delivery = Guid.NewGuid().ToString(),
                QueuedAt = Time.GetUtcNow(),
            },
            before is { } c ? new string(c, 40) : null,
            reopened);

    public async Task<Build> AdmitAsync(PullRequestUpdate change)
    {
        await BuildAdmission.AdmitAsync(change, TestContext.Current.CancellationToken);
        return await FindAsync(change);
    }

    public async Task<Build> FindAsync(PullRequestUpdate change) =>
        (await Records.FindAsync(change.Request.BuildId, TestContext.Current.CancellationToken))!;

    public async Task<BuildLease> TakeAsync(PullRequestUpdate change) =>
        (await BuildLease.TakeAsync(Records, change.Request, Time, TestContext.Current.CancellationToken))!;

    // The address is set, so nobody is asked for it.
    private sealed class Unused : IHttpClientFactory
    {
        public HttpClient CreateClient(string name) => throw new InvalidOperationException(name);
    }
}
