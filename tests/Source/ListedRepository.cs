using System.Diagnostics;
using Ci.Pipeline;
using Ci.Pipeline.Source;
using Ci.Pipeline.Source.Archive;
using Ci.Pipeline.Source.Tree;
using Ci.StandIn;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Ci.Tests.Source;

/// <summary>A repository at the stand-in, and the two ways in which its commits come.</summary>
internal sealed class ListedRepository : IAsyncDisposable
{
    public const string Name = "octo/app";

    private readonly ServiceProvider _services;

    private ListedRepository(GitRepository git, GitHubStandIn gitHub, ServiceProvider services)
    {
        Git = git;
        GitHub = gitHub;
        _services = services;
    }

    public GitRepository Git { get; }

    public GitHubStandIn GitHub { get; }

    /// <summary>What was logged of commits that were not listed.</summary>
    public List<string> Log { get; } = [];

    public GitTreeSource Listing => _services.GetRequiredService<GitTreeSource>();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<ListedRepository> StartAsync(params (string Name, string Value)[] settings)
    {
        var git = await GitRepository.CreateAsync(Cancellation);
        var gitHub = await GitHubStandIn.StartAsync(new GitHubStandInOptions { Token = "a-token" });
        gitHub.Add(Name, git);
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("GitHub:ApiUrl", gitHub.BaseUrl.ToString()), new("GitHub:Token", "a-token")])
            .AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Name, (string?)s.Value)))
            .Build();
        return new(git, gitHub, new ServiceCollection().AddLogging().AddPipeline(configuration).BuildServiceProvider());
    }

    /// <summary>Commits what is in the folder, and these files.</summary>
    public Task<string> CommitAsync(params (string Path, string Content)[] files) =>
        Git.CommitAsync("main", files.ToDictionary(file => file.Path, file => file.Content), "A commit", Cancellation);

    public void Link(string path, string target) => File.CreateSymbolicLink(At(path), target);

    public void Write(string path, string content, bool runs)
    {
        File.WriteAllText(At(path), content);
        if (runs && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Path.Combine(Git.Folder, path), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Puts another repository into a folder, which git takes for a submodule.</summary>
    public async Task SubmoduleAsync(string path)
    {
        using var git = Process.Start("git", ["clone", "--quiet", Git.Folder, At(path)]);
        await git.WaitForExitAsync(Cancellation);
    }

    /// <summary>The commit as it is listed; null when it is not.</summary>
    public Task<SourceResult?> ListAsync(string commit) => Listing.ListAsync(Name, commit, Log.Add, Cancellation);

    public async Task<CommitSource> ListedAsync(string commit) =>
        Assert.IsType<SourceResult.Fetched>(await ListAsync(commit) ?? throw new InvalidOperationException(string.Join('\n', Log))).Source;

    /// <summary>The commit as its archive has it.</summary>
    public Task<SourceResult> FetchAsync(string commit) => _services.GetRequiredService<ArchiveFetcher>().FetchAsync(Name, commit, Cancellation);

    public async Task<CommitSource> FetchedAsync(string commit) => Assert.IsType<SourceResult.Fetched>(await FetchAsync(commit)).Source;

    /// <summary>How many requests had this in their path.</summary>
    public int Asked(string part) => GitHub.Requests.Count(request => request.Contains(part, StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await GitHub.DisposeAsync();
        Git.Dispose();
        Assert.All(GitHub.Exchanges, exchange => Assert.Equal([], Ci.Tests.StandIn.GitHubDescription.Instance.RequestErrors(exchange)));
    }

    /// <summary>A path in the folder, where nothing is any more.</summary>
    private string At(string path)
    {
        var full = Path.Combine(Git.Folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.Delete(full);
        return full;
    }
}
