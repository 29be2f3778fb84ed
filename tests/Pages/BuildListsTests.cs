using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Pages;

/// <summary>The lists that people filter.</summary>
public sealed class BuildListsTests(Azurite azurite)
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Every_filter_finds_its_builds_newest_first()
    {
        var samples = await StartAsync();
        var old = await samples.AddAsync(Samples.Pushed(Samples.Queued(1, minutesAgo: 50)));
        var failed = await samples.AddAsync(Samples.Ended(Samples.Queued(1, minutesAgo: 40, commit: 'b'), BuildState.Failed, "No."));
        var other = await samples.AddAsync(Samples.Pushed(Samples.Queued(1, repository: "octo/shop-front", minutesAgo: 30)));
        var running = await samples.AddAsync(Samples.Running(Samples.Queued(2, minutesAgo: 20)));
        var merge = await samples.AddAsync(Samples.Pushed(Samples.Queued(2, minutesAgo: 10, purpose: BuildPurpose.Merge)));

        async Task<string[]> Ids(string? repository = null, string? state = null, string? pull = null) =>
            [.. (await samples.Lists.ListAsync(BuildFilter.Parse(repository, state, pull, null).Filter!, 10, None)).Builds
                .Select(build => build.Id)];

        Assert.Equal([merge.Id, running.Id, other.Id, failed.Id, old.Id], await Ids());
        Assert.Equal([merge.Id, running.Id, failed.Id, old.Id], await Ids("Octo/Shop"));
        Assert.Equal([other.Id], await Ids("octo/shop-front"));
        Assert.Equal([failed.Id, old.Id], await Ids("octo/shop", pull: "#1"));
        Assert.Equal([failed.Id], await Ids("octo/shop", "failed", "1"));
        Assert.Equal([failed.Id], await Ids(state: "failed"));
        Assert.Equal([merge.Id, other.Id, old.Id], await Ids(state: "Succeeded"));
        Assert.Equal([other.Id], await Ids("octo/shop-front", "succeeded"));
        Assert.Equal([running.Id], await Ids("octo/shop", "running"));
        Assert.Empty(await Ids("octo/sho"));
        Assert.Equal(["octo/shop", "octo/shop-front"], await samples.Lists.RepositoriesAsync(None));
        Assert.Equal(merge.Id, Assert.Single(await samples.Lists.MergesAsync("octo/shop", 5, None)).Id);
    }

    [Fact]
    public async Task A_list_goes_on_where_it_ended()
    {
        var samples = await StartAsync();
        foreach (var pull in Enumerable.Range(1, 7))
        {
            await samples.AddAsync(Samples.Pushed(Samples.Queued(pull, minutesAgo: pull)));
        }

        BuildFilter[] filters = [new(), new() { Repository = "octo/shop" }, new() { State = BuildState.Succeeded }];
        foreach (var filter in filters)
        {
            var seen = new List<int>();
            BuildListPart part;
            var next = filter;
            do
            {
                part = await samples.Lists.ListAsync(next, 3, None);
                seen.AddRange(part.Builds.Select(build => build.Request.PullRequest));
                next = next with { Before = part.Older };
            }
            while (part.Older is not null);
            Assert.Equal([1, 2, 3, 4, 5, 6, 7], seen);
        }
    }

    [Fact]
    public async Task A_build_is_only_in_the_lists_of_what_it_is_now()
    {
        var samples = await StartAsync();
        var build = await samples.AddAsync(Samples.Queued(1));
        await samples.Records.UpdateAsync(build.Id, _ => Samples.Ended(build, BuildState.Failed, "No."), None);
        var ended = await samples.Table.QueryAsync(BuildRow.StartingWith("list-"), 100, None);
        await samples.Records.UpdateAsync(
            build.Id, r => r.Again(r.Request with { QueuedAt = Samples.Now.AddMinutes(5) }) with { Reported = r.State }, None);
        await samples.Records.UpdateAsync(build.Id, _ => Samples.Pushed(build), None);

        var rows = await samples.Table.QueryAsync(BuildRow.StartingWith("list-"), 100, None);

        Assert.Equal(["list-repository-octo|shop"], ended.Select(Name));
        Assert.Equal(["list-repository-octo|shop"], rows.Select(Name));

        static string Name(Azure.Data.Tables.TableEntity row) => row.RowKey[..row.RowKey.LastIndexOf('|')];
    }

    [Fact]
    public async Task What_only_goes_on_does_not_write_the_lists_again()
    {
        var samples = await StartAsync();
        var build = await samples.AddAsync(Samples.Running(Samples.Queued(1)));
        var before = await samples.Table.QueryAsync(BuildRow.StartingWith("list-"), 100, None);
        await samples.Records.UpdateAsync(
            build.Id,
            r => r with { OwnedUntil = Samples.Now.AddHours(2), Stages = [new BuildStage(StageKind.Source, null, Samples.Now)] },
            None);
        var after = await samples.Table.QueryAsync(BuildRow.StartingWith("list-"), 100, None);

        Assert.Equal(before.Select(row => row.ETag), after.Select(row => row.ETag));
    }

    [Theory]
    [InlineData("no slash", null, null, null)]
    [InlineData("a/b' or RowKey ge '", null, null, null)]
    [InlineData(null, "7", null, null)]
    [InlineData(null, "done", null, null)]
    [InlineData(null, null, "7", null)]
    [InlineData("a/b", null, "0", null)]
    [InlineData("a/b", null, "x", null)]
    [InlineData(null, null, null, "' or PartitionKey ge '")]
    public void What_is_no_filter_is_said_to_be_none(string? repository, string? state, string? pull, string? before)
    {
        var (filter, problem) = BuildFilter.Parse(repository, state, pull, before);

        Assert.Null(filter);
        Assert.NotNull(problem);
    }

    private async Task<Samples> StartAsync()
    {
        await azurite.StartAsync();
        return new Samples(azurite.NewAccount());
    }
}
