using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Builds;

/// <summary>Two merges, one <c>latest</c>: it ends at the later merge, whichever build ends last.</summary>
public sealed class TagOwnershipTests(Azurite azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_tag_that_a_later_merge_has_is_left_alone()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var earlier = await storage.AdmitAsync(storage.Change('a', 1, BuildPurpose.Merge, pull: 1));
        var later = await storage.AdmitAsync(storage.Change('b', 2, BuildPurpose.Merge, pull: 2));

        await storage.Claims.ReleaseAsync((await storage.Claims.ClaimAsync(later, "api", "latest", "second", Cancellation))!, Cancellation);

        Assert.Null(await storage.Claims.ClaimAsync(earlier, "api", "latest", "first", Cancellation));
        Assert.NotNull(await storage.Claims.ClaimAsync(earlier, "other", "latest", "first", Cancellation));
    }

    [Fact]
    public async Task Of_two_merges_within_a_second_the_higher_number_is_the_later_in_either_order()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var lower = await storage.AdmitAsync(storage.Change('a', 1, BuildPurpose.Merge, pull: 1));
        var higher = await storage.AdmitAsync(storage.Change('b', 1, BuildPurpose.Merge, pull: 2));

        await storage.Claims.ReleaseAsync((await storage.Claims.ClaimAsync(lower, "api", "latest", "w", Cancellation))!, Cancellation);
        await storage.Claims.ReleaseAsync((await storage.Claims.ClaimAsync(higher, "api", "latest", "w", Cancellation))!, Cancellation);

        Assert.Null(await storage.Claims.ClaimAsync(lower, "api", "latest", "w", Cancellation));
    }

    [Fact]
    public async Task While_one_moves_a_tag_another_waits()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var earlier = await storage.AdmitAsync(storage.Change('a', 1, BuildPurpose.Merge, pull: 1));
        var later = await storage.AdmitAsync(storage.Change('b', 2, BuildPurpose.Merge, pull: 2));
        var claim = await storage.Claims.ClaimAsync(earlier, "api", "latest", "first", Cancellation);

        var waiting = storage.Claims.ClaimAsync(later, "api", "latest", "second", Cancellation);
        var beforeItsEnd = waiting.IsCompleted;
        // The clock stands still, so only this can end the wait.
        await storage.Claims.ReleaseAsync(claim!, Cancellation);

        Assert.False(beforeItsEnd);
        Assert.Equal(later.Id, (await waiting)!.BuildId);
    }

    [Fact]
    public async Task What_a_dead_worker_was_moving_is_free_when_its_claim_runs_out()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var build = await storage.AdmitAsync(storage.Change('a', 1, BuildPurpose.Merge));
        await storage.Claims.ClaimAsync(build, "api", "latest", "died", Cancellation);

        var waiting = storage.Claims.ClaimAsync(build, "api", "latest", "next", Cancellation);
        storage.Time.Advance(TagOwnership.Length + TimeSpan.FromSeconds(1));

        Assert.Equal("next", (await waiting)!.Owner);
    }

    [Fact]
    public async Task The_images_of_a_pull_request_are_found_by_its_tag()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var mine = await storage.AdmitAsync(storage.Change('a', 1, pull: 7));
        var others = await storage.AdmitAsync(storage.Change('a', 1, pull: 7, repository: "owner/two"));
        await storage.Claims.ClaimAsync(mine, "team/api", "pr-7", "w", Cancellation);
        await storage.Claims.ClaimAsync(mine, "web", "pr-7", "w", Cancellation);
        await storage.Claims.ClaimAsync(others, "else", "pr-7", "w", Cancellation);

        Assert.Equal(["team/api", "web"], (await storage.Claims.ImagesWithAsync(mine, "pr-7", Cancellation)).Order());
    }
}
