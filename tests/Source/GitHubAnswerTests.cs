using System.Text;
using Ci.Pipeline.Source;
using Ci.Tests.Fuzz;
using Microsoft.Extensions.Options;

namespace Ci.Tests.Source;

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

        await Assert.ThrowsAsync<SourceUnavailableException>(() => new PullRequestFiles(http).ListAsync("o/r", 1, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("x-ratelimit-remaining: 0\r\nx-ratelimit-reset: 9223372036854775807\r\n")]
    [InlineData("Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n")]
    public async Task A_time_to_wait_for_that_cannot_be_is_none_or_no_time(string header)
    {
        using var http = CannedConnection.Client(Encoding.Latin1.GetBytes($"HTTP/1.1 403 Forbidden\r\n{header}Content-Length: 0\r\n\r\n"));
        var archives = new GitHubArchive(http, Options.Create(new SourceOptions()), TimeProvider.System);

        var e = await Assert.ThrowsAsync<SourceUnavailableException>(() => archives.FetchAsync("o/r", new string('a', 40), TestContext.Current.CancellationToken));

        Assert.Equal(TimeSpan.Zero, e.RetryAfter ?? TimeSpan.Zero);
    }
}
