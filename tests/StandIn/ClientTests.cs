using Ci.Pipeline;
using Ci.Pipeline.Source;
using Ci.StandIn;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Ci.Tests.StandIn;

/// <summary>What the CI's own clients send GitHub is what GitHub describes, and so is what the stand-in answers them.</summary>
public sealed class ClientTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Fetching_a_commit_is_as_described()
    {
        await using var playing = await Playing.StartAsync();
        await using var services = Services(playing);

        var result = await services.GetRequiredService<GitHubArchive>().FetchAsync(Playing.Repository, playing.Commit, Cancellation);

        await using var archive = Assert.IsType<SourceResult.Fetched>(result).Archive;
        playing.AssertRequests();
        Assert.Equal(["GET /repos/{owner}/{repo}/tarball/{ref}"], playing.AssertAnswers());
    }

    [Fact]
    public async Task Listing_the_files_of_a_pull_request_page_by_page_is_as_described()
    {
        await using var playing = await Playing.StartAsync(files: 101);
        await using var services = Services(playing);

        var files = await services.GetRequiredService<PullRequestFiles>().ListAsync(Playing.Repository, playing.Pull.Number, Cancellation);

        Assert.Equal(101, files!.Count);
        playing.AssertRequests();
        Assert.Equal(Enumerable.Repeat("GET /repos/{owner}/{repo}/pulls/{pull_number}/files", 2), playing.AssertAnswers());
    }

    [Fact]
    public async Task Refusals_are_as_described_too()
    {
        await using var playing = await Playing.StartAsync();
        await using var services = Services(playing);
        var archive = services.GetRequiredService<GitHubArchive>();
        playing.GitHub.Faults.Enqueue(new StandInFault { Path = "/repos", Status = 429 });

        await Assert.ThrowsAsync<SourceUnavailableException>(() => archive.FetchAsync(Playing.Repository, playing.Commit, Cancellation));
        Assert.IsType<SourceResult.Refused>(await archive.FetchAsync(Playing.Repository, new string('0', 40), Cancellation));
        await Assert.ThrowsAsync<SourceUnavailableException>(
            () => services.GetRequiredService<PullRequestFiles>().ListAsync(Playing.Repository, 8, Cancellation));

        playing.AssertRequests();
        Assert.Equal(3, playing.AssertAnswers().Count);
    }

    private static ServiceProvider Services(Playing playing)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["GitHub:ApiUrl"] = playing.GitHub.BaseUrl.ToString(),
            ["GitHub:Token"] = Playing.Token,
        }).Build();
        return new ServiceCollection().AddLogging().AddPipeline(configuration).BuildServiceProvider();
    }
}
