using System.Diagnostics;
using Ci.StandIn;

namespace Ci.Bench;

/// <summary>The stand-in for GitHub with the repositories, and the registry: what all sides work with.</summary>
internal sealed class Workbench : IAsyncDisposable
{
    private static readonly TimeSpan PushLimit = TimeSpan.FromMinutes(5);

    private readonly Dictionary<string, GitRepository> _repositories = [];
    private readonly HttpClient _http = new();

    private Workbench(GitHubStandIn gitHub, Docker docker)
    {
        GitHub = gitHub;
        Docker = docker;
    }

    public GitHubStandIn GitHub { get; }

    public Docker Docker { get; }

    public static async Task<Workbench> StartAsync() => new(
        await GitHubStandIn.StartAsync(new GitHubStandInOptions
        {
            WebhookSecret = Settings.Secret,
            Token = Settings.Token,
        }), await Docker.FindAsync());

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    /// <summary>Makes a commit of a kind, whose archive lies ready as GitHub's does.</summary>
    public async Task<Change> CommitAsync(BuildCase @case)
    {
        var git = await RepositoryAsync(@case);
        var unique = Guid.NewGuid().ToString("n");
        var branch = "b" + unique[..12];
        var commit = await git.CommitAsync(branch, @case.Files(unique), "A change");
        await GitHub.KeepArchiveAsync(@case.Repository, commit);
        return new Change(@case, branch, commit);
    }

    /// <summary>Checks a commit out into a new folder, whose owner removes it.</summary>
    public async Task<DirectoryInfo> CheckOutAsync(Change change)
    {
        var folder = Directory.CreateTempSubdirectory("ci-bench-");
        var git = await RepositoryAsync(change.Case);
        await Child.RunAsync("git",
            ["--git-dir", Path.Combine(git.Folder, ".git"), "--work-tree", folder.FullName,
            "checkout", "--quiet", "--force", change.Commit, "--", "."]);
        return folder;
    }

    /// <summary>Opens the pull request of a commit; its delivery goes to <paramref name="webhook"/>.</summary>
    public Task<(PullRequestState Pull, DeliveryAnswer Answer)> OpenAsync(Change change, Uri webhook)
    {
        GitHub.WebhookUrl = webhook;
        return GitHub.OpenPullRequestAsync(change.Case.Repository, change.Branch, change.Commit, "A change");
    }

    /// <summary>Waits until the registry has every image.</summary>
    public async Task UntilPushedAsync(IEnumerable<(string Name, string Tag)> images, Task working)
    {
        var begin = Stopwatch.StartNew();
        foreach (var (name, tag) in images)
        {
            while (!await HasAsync(name, tag))
            {
                if (working.IsFaulted)
                {
                    await working;
                }

                if (begin.Elapsed > PushLimit)
                {
                    throw new InvalidOperationException($"{name}:{tag} was not pushed within {PushLimit.TotalMinutes:F0} minutes.");
                }

                await Task.Delay(5);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await GitHub.DisposeAsync();
        foreach (var git in _repositories.Values)
        {
            git.Dispose();
        }

        _http.Dispose();
    }

    private async Task<bool> HasAsync(string name, string tag)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, $"http://{Settings.Registry}/v2/{name}/manifests/{tag}");
        request.Headers.TryAddWithoutValidation("Accept", "application/vnd.docker.distribution.manifest.v2+json, "
            + "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json");
        using var response = await _http.SendAsync(request);
        return response.IsSuccessStatusCode;
    }

    private async Task<GitRepository> RepositoryAsync(BuildCase @case)
    {
        if (!_repositories.TryGetValue(@case.Repository, out var git))
        {
            _repositories[@case.Repository] = git = await GitRepository.CreateAsync();
            await @case.FillAsync(git.Folder);
            await git.CommitAsync("main", new Dictionary<string, string>(), "The data");
            GitHub.Add(@case.Repository, git);
        }

        return git;
    }
}
