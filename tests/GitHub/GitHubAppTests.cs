using System.Security.Cryptography;
using Ci.Pipeline;
using Ci.Pipeline.GitHub;
using Ci.Pipeline.Source;
using Ci.Pipeline.Source.Archive;
using Ci.StandIn;
using Ci.Tests.StandIn;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Ci.Tests.GitHub;

/// <summary>A GitHub App instead of a token: who we are is proven with a key, and each repository has a token of its own.</summary>
public sealed class GitHubAppTests : IAsyncLifetime
{
    private const string Repository = "octo/app";

    // To make one takes long.
    private static readonly RSA Key = RSA.Create(2048);

    private GitRepository _git = null!;
    private GitHubStandIn _gitHub = null!;
    private string _commit = "";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _git = await GitRepository.CreateAsync();
        _commit = await _git.CommitAsync("feature", new Dictionary<string, string> { ["a"] = "b" }, "A change");
        _gitHub = await GitHubStandIn.StartAsync(new GitHubStandInOptions { Token = "nobody's", App = new StandInApp("123456", Key.ExportSubjectPublicKeyInfoPem()) });
        _gitHub.Add(Repository, _git);
        _gitHub.Add("octo/other", _git);
    }

    public async ValueTask DisposeAsync()
    {
        Assert.All(_gitHub.Exchanges, exchange => Assert.Equal(
            [], GitHubDescription.Instance.RequestErrors(exchange).Concat(GitHubDescription.Instance.ResponseErrors(exchange))));
        await _gitHub.DisposeAsync();
        _git.Dispose();
    }

    [Fact]
    public async Task A_commit_is_fetched_with_the_repositorys_own_token()
    {
        await using var services = Services();

        await FetchAsync(services, Repository);
        await FetchAsync(services, "octo/other");

        Assert.Equal(2, _gitHub.TokensGiven);
    }

    [Fact]
    public async Task However_many_wait_for_a_token_one_is_asked_for()
    {
        await using var services = Services();

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => FetchAsync(services, Repository)));

        Assert.Equal(1, _gitHub.TokensGiven);
    }

    [Fact]
    public async Task A_token_that_ends_within_minutes_is_renewed()
    {
        _gitHub.HaveTokensLast(GitHubApp.RenewBefore - TimeSpan.FromSeconds(10));
        await using var services = Services();

        await FetchAsync(services, Repository);
        await FetchAsync(services, Repository);

        Assert.Equal(2, _gitHub.TokensGiven);
    }

    [Fact]
    public async Task A_key_that_is_not_the_Apps_lets_nobody_in()
    {
        using var another = RSA.Create(2048);
        await using var services = Services(another.ExportPkcs8PrivateKeyPem());

        Assert.IsType<SourceResult.Refused>(await services.GetRequiredService<ArchiveFetcher>().FetchAsync(Repository, _commit, Cancellation));
        Assert.Equal(0, _gitHub.TokensGiven);
    }

    [Fact]
    public async Task A_token_that_GitHub_refuses_is_renewed_at_once()
    {
        await using var services = Services();
        await FetchAsync(services, Repository);
        _gitHub.Faults.Enqueue(new StandInFault { Path = "/repos", Status = 401 });

        await FetchAsync(services, Repository);

        Assert.Equal(2, _gitHub.TokensGiven);
    }

    [Fact]
    public async Task A_token_that_GitHub_refuses_though_it_is_new_is_not_renewed_again()
    {
        await using var services = Services();
        await FetchAsync(services, Repository);
        _gitHub.Faults.Enqueue(new StandInFault { Path = $"/repos/{Repository}/tarball", Status = 401 });
        _gitHub.Faults.Enqueue(new StandInFault { Path = $"/repos/{Repository}/tarball", Status = 401 });

        Assert.IsType<SourceResult.Refused>(await services.GetRequiredService<ArchiveFetcher>().FetchAsync(Repository, _commit, Cancellation));

        Assert.Equal(2, _gitHub.TokensGiven);
    }

    [Fact]
    public async Task The_key_may_be_on_one_line_or_in_a_file()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, Key.ExportRSAPrivateKeyPem(), Cancellation);
            await using var fromFile = Services("", file);
            await using var fromLine = Services(Key.ExportRSAPrivateKeyPem().Replace("\n", "\\n", StringComparison.Ordinal));

            await FetchAsync(fromFile, Repository);
            await FetchAsync(fromLine, Repository);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("123", "no key", "", "private key")]
    [InlineData("123", "", "", "private key")]
    [InlineData("123", "", "/no/such/file", "GitHub__PrivateKeyPath cannot be read")]
    [InlineData("", "a key", "", "GitHub__AppId is empty")]
    public void What_is_missing_is_said_at_start_without_the_key(string id, string key, string path, string words)
    {
        var result = new GitHubAppValidator().Validate(null, new GitHubOptions { AppId = id, PrivateKey = key, PrivateKeyPath = path });

        Assert.True(result.Failed);
        Assert.Contains(words, result.FailureMessage, StringComparison.Ordinal);
        Assert.DoesNotContain("no key", result.FailureMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void An_App_and_a_token_are_one_too_many() =>
        Assert.Contains("leave one", new GitHubAppValidator().Validate(null, new GitHubOptions { AppId = "1", Token = "t" }).FailureMessage, StringComparison.Ordinal);

    private async Task FetchAsync(ServiceProvider services, string repository)
    {
        var result = await services.GetRequiredService<ArchiveFetcher>().FetchAsync(repository, _commit, Cancellation);
        await Assert.IsType<SourceResult.Fetched>(result).Source.DisposeAsync();
    }

    private ServiceProvider Services(string? key = null, string file = "")
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["GitHub:ApiUrl"] = _gitHub.BaseUrl.ToString(),
            ["GitHub:AppId"] = "123456",
            ["GitHub:PrivateKey"] = key ?? Key.ExportPkcs8PrivateKeyPem(),
            ["GitHub:PrivateKeyPath"] = file,
        }).Build();
        return new ServiceCollection().AddLogging().AddPipeline(configuration).BuildServiceProvider();
    }
}
