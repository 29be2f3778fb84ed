using System.Globalization;
using Ci.Pipeline.Builds;
using Ci.StandIn;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Faults;

/// <summary>What happened to a pull request, in the order in which it happened at GitHub.</summary>
internal sealed record Happened(Guid Delivery, PullRequestState Pull, BuildPurpose Purpose, bool Builds);

/// <summary>Pull requests, pushes, merges and closings in two repositories, and what must become of them.</summary>
internal sealed class Traffic : IDisposable
{
    private readonly Random _random;
    private readonly GitHubStandIn _gitHub;
    private readonly (string Name, GitRepository Git, string Image)[] _repositories;
    private readonly HashSet<string> _broken = [];
    private readonly List<List<Happened>> _pulls = [];

    private Traffic(Random random, GitHubStandIn gitHub, (string, GitRepository, string)[] repositories)
    {
        _random = random;
        _gitHub = gitHub;
        _repositories = repositories;
    }

    /// <summary>All that happened, by pull request.</summary>
    public IReadOnlyList<IReadOnlyList<Happened>> Pulls => _pulls;

    public static async Task<Traffic> CreateAsync(Random random, GitHubStandIn gitHub)
    {
        (string Name, GitRepository Git, string Image)[] repositories =
            [("sample/one", await GitRepository.CreateAsync(), "faults-one"),
             ("sample/two", await GitRepository.CreateAsync(), "faults-two")];
        foreach (var (name, git, _) in repositories)
        {
            gitHub.Add(name, git);
        }

        return new Traffic(random, gitHub, repositories);
    }

    /// <summary>Lets something happen, and returns its deliveries: one, or one twice.</summary>
    public async Task<IReadOnlyList<Guid>> HappenAsync()
    {
        var open = _pulls.Where(pull => pull[^1].Purpose == BuildPurpose.PullRequest).ToList();
        var happened = open.Count == 0 || (open.Count < 5 && _random.Next(3) == 0)
            ? await OpenAsync()
            : await ChangeAsync(open[_random.Next(open.Count)]);
        return _random.Next(5) == 0 ? [happened.Delivery, happened.Delivery] : [happened.Delivery];
    }

    public string ImageOf(string repository) => _repositories.Single(r => r.Name == repository).Image;

    public bool IsBroken(string commit) => _broken.Contains(commit);

    public void Dispose()
    {
        foreach (var (_, git, _) in _repositories)
        {
            git.Dispose();
        }
    }

    private async Task<Happened> OpenAsync()
    {
        var (repository, git, image) = _repositories[_random.Next(_repositories.Length)];
        var pull = new PullRequestState
        {
            Repository = repository,
            Number = _pulls.Count + 1,
            Branch = "branch-" + (_pulls.Count + 1).ToString(CultureInfo.InvariantCulture),
            Head = "",
            Title = "A change",
            HeadRepository = repository,
            UpdatedAt = DateTimeOffset.UtcNow,
        };
        _pulls.Add([]);
        return Keep(_pulls[^1], pull with { Head = await CommitAsync(git, pull.Branch, image) }, "opened", BuildPurpose.PullRequest);
    }

    private async Task<Happened> ChangeAsync(List<Happened> pull)
    {
        var last = pull[^1].Pull;
        var (_, git, image) = _repositories.Single(r => r.Name == last.Repository);
        switch (_random.Next(6))
        {
            case 0:
                return Keep(
                    pull, last with { State = "closed", Merged = true, MergeCommit = new string('e', 40) }, "closed", BuildPurpose.Merge);
            case 1:
                return Keep(pull, last with { State = "closed" }, "closed", BuildPurpose.Close);
            case 2 when pull.Select(h => h.Pull.Head).Distinct().Count() > 1:
                // Somebody pushes an earlier commit over the newer one.
                return Keep(pull, last with { Before = last.Head, Head = pull[0].Pull.Head }, "synchronize", BuildPurpose.PullRequest);
            default:
                return Keep(
                    pull, last with { Before = last.Head, Head = await CommitAsync(git, last.Branch, image) }, "synchronize",
                    BuildPurpose.PullRequest);
        }
    }

    private Happened Keep(List<Happened> pull, PullRequestState state, string action, BuildPurpose purpose)
    {
        var (kept, delivery) = _gitHub.Change(state, action);
        pull.Add(new Happened(delivery, kept, purpose, !IsBroken(kept.Head)));
        return pull[^1];
    }

    private async Task<string> CommitAsync(GitRepository git, string branch, string image)
    {
        var isBroken = _random.Next(6) == 0;
        var commit = await git.CommitAsync(
            branch,
            new Dictionary<string, string>
            {
                ["dockerInfo.json"] = $$"""{ "service_name": "{{image}}", "version": "1.0" }""",
                ["Dockerfile"] = $"FROM {DockerEngine.BaseImage}\nENV ONCE={Guid.NewGuid():n}\nRUN sleep 0.{_random.Next(1, 9)} && "
                    + $"{(isBroken ? "false" : "true")}\n",
            },
            "A change");
        if (isBroken)
        {
            _broken.Add(commit);
        }

        return commit;
    }
}
