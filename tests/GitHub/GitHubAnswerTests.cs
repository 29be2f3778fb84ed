using System.Text;
using Ci.Pipeline.GitHub;
using Ci.Pipeline.Source;
using Ci.Pipeline.Source.Archive;
using Ci.Tests.Fuzz;
using Microsoft.Extensions.Options;

namespace Ci.Tests.GitHub;

/// <summary>Answers of GitHub that are none of its own: another try may cure each.</summary>
public sealed class GitHubAnswerTests
{
    [Theory]
    [InlineData("200 OK\r\n", "[null]")]
    [InlineData("200 OK\r\n", "[{\"filename\":null}]")]
    [InlineData("200 OK\r\n", "[{}]")]
    [InlineData("200 OK\r\nContent-Type: application/json; charset=nonsense\r\n", "[]")]
    [InlineData("302 Found\r\nLocation: \\\\\\\\\r\n", "")]
    [InlineData("302 Found\r\nLocation: t-Type: application/json\r\n", "")]
    public async Task A_list_of_files_that_is_none_is_worth_another_try(string head, string body)
    {
        using var http = CannedConnection.Client(Encoding.Latin1.GetBytes($"HTTP/1.1 {head}Content-Length: {body.Length}\r\n\r\n{body}"));

        await Assert.ThrowsAsync<GitHubUnavailableException>(() => new PullRequestFiles(TestGitHub.Client(http)).ListAsync("o/r", 1, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(401, "", true, "It refused the token in GitHub__Token: it is wrong, expired or revoked; make a new one and set GitHub__Token.")]
    [InlineData(401, "123456", false, "It refused GitHub App 123456: see that GitHub__AppId and the private key are of one App")]
    [InlineData(403, "123456", false, "This host may not: give GitHub App 123456 the permission Contents: read and install it on o/r.")]
    [InlineData(404, "123456", false, "if it is there, give GitHub App 123456 the permission Contents: read and install it on o/r.")]
    [InlineData(404, "", true, "if it is there, give the token in GitHub__Token the permission Contents: read on o/r.")]
    [InlineData(404, "", false, "if it is there, set GitHub__Token to a token with the permission Contents: read on o/r.")]
    public async Task A_refusal_says_what_to_do_with_what_GitHub_knows_the_host_by(int status, string app, bool hasToken, string words)
    {
        using var http = CannedConnection.Client(Encoding.Latin1.GetBytes($"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n"));
        var archives = new ArchiveFetcher(new GitHubArchive(TestGitHub.Client(http, identity: new GitHubIdentity(app, hasToken))), Options.Create(new SourceOptions()));

        var refused = Assert.IsType<SourceResult.Refused>(await archives.FetchAsync("o/r", new string('a', 40), TestContext.Current.CancellationToken));

        Assert.Contains(words, refused.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, "see that GitHub__AppId and the private key are of one App and that the App is not suspended.")]
    [InlineData(403, "give GitHub App 123456 the permission Metadata: read and install it on o/r.")]
    public async Task Who_cannot_ask_for_a_permission_is_told_what_to_do_with_the_App(int status, string words)
    {
        using var http = CannedConnection.Client(Encoding.Latin1.GetBytes($"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n"));
        var collaborators = new Collaborators(TestGitHub.Client(http, identity: new GitHubIdentity("123456", false)));

        var e = await Assert.ThrowsAsync<GitHubRefusedException>(() => collaborators.MayWriteAsync("o/r", "ada", TestContext.Current.CancellationToken));

        Assert.EndsWith(words, e.Message, StringComparison.Ordinal);
    }
}
