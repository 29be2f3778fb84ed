using System.Text;
using Ci.Pipeline.Source;
using Ci.StandIn;

namespace Ci.Tests.Source;

/// <summary>What cannot be listed without doubt is not listed; the log says why, and the archive comes as before.</summary>
public sealed class ListedFallbackTests : IAsyncLifetime
{
    private ListedRepository _repository = null!;

    public async ValueTask InitializeAsync() => _repository = await ListedRepository.StartAsync();

    public async ValueTask DisposeAsync() => await _repository.DisposeAsync();

    [Theory]
    [InlineData("*.cs text\n*.sh text eol=lf\n*.png binary\n* text=auto\n", true)]
    [InlineData("# a comment\n\n*.lock -diff linguist-generated=true\n*.cs diff=csharp merge=union -text !eol whitespace=tab-in-indent\r\n", true)]
    [InlineData("tests export-ignore\n", false)]
    [InlineData("version.txt export-subst\n", false)]
    [InlineData("*.bat text eol=crlf\n", false)]
    [InlineData("*.c ident\n", false)]
    [InlineData("*.psd filter=lfs diff=lfs merge=lfs -text\n", false)]
    [InlineData("*.txt working-tree-encoding=UTF-16\n", false)]
    [InlineData("[attr]hidden export-ignore\n* hidden\n", false)]
    [InlineData("\"with space\" text\n", false)]
    [InlineData("* something-new\n", false)]
    public async Task Attributes_that_may_change_an_archive_are_left_to_the_archive(string attributes, bool isListed)
    {
        var commit = await _repository.CommitAsync(("deep/folder/.gitattributes", attributes), ("Dockerfile", "FROM scratch"));

        Assert.Equal(isListed, await _repository.ListAsync(commit) is SourceResult.Fetched);
        Assert.Equal(isListed, _repository.Log.Count == 0);
    }

    [Fact]
    public async Task What_the_archive_leaves_out_is_no_reason_to_refuse_the_commit()
    {
        _repository.Link("bad", "../../outside");
        var commit = await _repository.CommitAsync((".gitattributes", "bad export-ignore\n"));

        Assert.Null(await _repository.ListAsync(commit));
        Assert.IsType<SourceResult.Fetched>(await _repository.FetchAsync(commit));
    }

    [Fact]
    public async Task Attributes_that_are_a_link_are_left_to_the_archive()
    {
        _repository.Link(".gitattributes", "others");

        await AssertNotListedAsync(await _repository.CommitAsync(("others", "x export-ignore")), ".gitattributes may change");
    }

    [Theory]
    [InlineData("trees", 404)]
    [InlineData("trees", 409)]
    [InlineData("trees", 422)]
    [InlineData("commits", 404)]
    [InlineData("commits", 403)]
    [InlineData("blobs", 404)]
    [InlineData("blobs", 0)]
    public async Task A_list_that_GitHub_does_not_give_fails_no_build(string what, int status)
    {
        var commit = await _repository.CommitAsync(("dockerInfo.json", "{}"));
        // One that is cut off is asked for again, twice.
        for (var i = 0; i < (status == 0 ? 3 : 1); i++)
        {
            _repository.GitHub.Faults.Enqueue(new StandInFault { Path = $"/repos/octo/app/git/{what}", Status = status });
        }

        await AssertNotListedAsync(commit, status == 0 ? "does not answer" : $"GitHub answered {status}");
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"truncated\":false,\"tree\":null}")]
    [InlineData("{\"truncated\":false,\"tree\":[{\"path\":\"a\",\"mode\":\"100644\",\"sha\":null}]}")]
    [InlineData("{\"truncated\":false,\"tree\":[{\"path\":\"a\",\"mo")]
    public async Task A_list_that_is_none_fails_no_build(string answer)
    {
        var commit = await _repository.CommitAsync();
        _repository.GitHub.Faults.Enqueue(new StandInFault { Path = "/repos/octo/app/git/trees", Status = 200, Body = Encoding.UTF8.GetBytes(answer) });

        await AssertNotListedAsync(commit, "what it answered is something else");
    }

    [Fact]
    public async Task A_file_that_is_not_the_one_of_its_name_is_not_taken()
    {
        var commit = await _repository.CommitAsync(("dockerInfo.json", "{}"));
        _repository.GitHub.Faults.Enqueue(new StandInFault { Path = "/repos/octo/app/git/blobs", Status = 200, Body = "[]"u8.ToArray() });

        await AssertNotListedAsync(commit, "another file");
    }

    [Fact]
    public async Task A_list_that_GitHub_cuts_is_left_to_the_archive()
    {
        _repository.GitHub.MaxTreeEntries = 1;

        await AssertNotListedAsync(await _repository.CommitAsync(("a", ""), ("b", "")), "more files than GitHub lists");
    }

    [Fact]
    public async Task When_few_requests_are_left_they_are_spared()
    {
        _repository.GitHub.RequestsLeft = 499;

        await AssertNotListedAsync(await _repository.CommitAsync(), "few requests to GitHub are left");
    }

    [Fact]
    public async Task Many_links_are_left_to_the_archive()
    {
        for (var i = 0; i < 33; i++)
        {
            _repository.Link($"links/{i}", "x");
        }

        await AssertNotListedAsync(await _repository.CommitAsync(), "more than 32 links");
    }

    [Theory]
    [InlineData("20000000", "token", 19_531L, true)]
    [InlineData("20000000", "token", 19_530L, false)]
    [InlineData("20000000", "token", null, false)]
    [InlineData("20000000", "", 1_000_000L, false)]
    [InlineData("0", "token", 1_000_000L, false)]
    public async Task Large_repositories_are_listed_by_those_who_have_a_token(string from, string token, long? kilobytes, bool isWorth)
    {
        await using var repository = await ListedRepository.StartAsync(("Source:ListFrom", from), ("GitHub:Token", token));

        Assert.Equal(isWorth, repository.Listing.IsWorth(kilobytes));
    }

    private async Task AssertNotListedAsync(string commit, string words)
    {
        Assert.Null(await _repository.ListAsync(commit));
        Assert.Contains(words, Assert.Single(_repository.Log), StringComparison.Ordinal);
        await using var fetched = await _repository.FetchedAsync(commit);
    }
}
