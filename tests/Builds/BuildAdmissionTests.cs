using Azure;
using Azure.Core;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Tests.Fixtures;
using CsCheck;

namespace Ci.Tests.Builds;

/// <summary>Which build of a pull request counts, whatever comes in whatever order.</summary>
public sealed class BuildAdmissionTests(Azurite azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Deliveries_in_any_order_and_any_number_leave_the_newest_queued_and_all_others_over()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var pull = 0;
        await Gen.Select(Gen.Shuffle(Enumerable.Range(0, 5).ToArray()), Gen.Int[0, 4].List[0, 4], Gen.Bool)
            .SampleAsync(
                async (order, again, merged) =>
                {
                    var number = Interlocked.Increment(ref pull);
                    PullRequestUpdate[] changes = [.. Enumerable.Range(0, 5).Select(i => storage.Change((char)('a' + i), i, i == 4 && merged ? BuildPurpose.Merge : BuildPurpose.PullRequest, number))];
                    foreach (var i in order.Concat(again))
                    {
                        await storage.BuildAdmission.AdmitAsync(changes[i], Cancellation);
                    }

                    var records = await Task.WhenAll(changes.Select(storage.FindAsync));
                    return records[4].State == BuildState.Queued
                        && records[..4].All(r => r.State == BuildState.Superseded && r.SupersededBy is not null && r.SupersededBy != r.Id);
                },
                iter: 40,
                threads: 2);
    }

    [Fact]
    public async Task Deliveries_that_come_at_the_same_moment_leave_one_build_that_counts()
    {
        var storage = await TestStorage.StartAsync(azurite);
        PullRequestUpdate[] changes = [.. Enumerable.Range(0, 6).Select(i => storage.Change((char)('a' + i), i))];

        await Task.WhenAll(changes.Concat(changes).Select(change => Task.Run(() => storage.BuildAdmission.AdmitAsync(change, Cancellation))));

        Assert.Equal(changes[5].Request.BuildId, Assert.Single(await storage.Records.ActiveAsync(Cancellation), r => !r.IsFinal).Id);
    }

    [Fact]
    public async Task A_redelivery_that_meets_a_newer_push_does_not_queue_what_that_push_ended()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var (first, second) = (storage.Change('a', 0), storage.Change('b', 1));
        await storage.AdmitAsync(first);
        var between = new HeldRequest(RequestMethod.Get, "active-" + first.Request.BuildId);

        var redelivery = storage.AdmissionOver(between).AdmitAsync(first, Cancellation);
        await Task.WhenAny(between.Reached, redelivery);
        await storage.AdmitAsync(second);
        Assert.True(between.Reached.IsCompleted);
        between.LetGo();

        Assert.Equal(second.Request.BuildId, Assert.IsType<AdmissionResult.Late>(await redelivery).Newest.BuildId);
        Assert.Equal(BuildState.Superseded, (await storage.FindAsync(first)).State);
    }

    [Fact]
    public async Task A_repetition_that_meets_a_newer_push_queues_nothing()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var (first, second) = (storage.Change('a', 0), storage.Change('b', 1));
        await storage.AdmitAsync(first);
        var ended = (await storage.Records.UpdateAsync(
            first.Request.BuildId, r => r.Stopped(BuildState.Failed, "It does not compile.", storage.Time.GetUtcNow()), Cancellation))!;
        var between = new HeldRequest(RequestMethod.Post, "$batch");

        var repetition = storage.AdmissionOver(between).RepeatAsync(ended, Cancellation);
        await Task.WhenAny(between.Reached, repetition);
        await storage.AdmitAsync(second);
        Assert.True(between.Reached.IsCompleted);
        between.LetGo();

        Assert.Null(await repetition);
        Assert.Equal(BuildState.Failed, (await storage.FindAsync(first)).State);
    }

    [Fact]
    public async Task An_account_that_storage_does_not_know_is_a_failure_and_not_tried_for_ever()
    {
        await azurite.StartAsync();
        var storage = TestStorage.At(azurite.UnknownAccount());

        Assert.Equal(404, (await Assert.ThrowsAnyAsync<RequestFailedException>(
            () => storage.BuildAdmission.AdmitAsync(storage.Change('a', 0), Cancellation))).Status);
    }

    [Fact]
    public async Task A_pointer_to_a_build_that_was_removed_for_its_age_holds_up_nobody()
    {
        var storage = await TestStorage.StartAsync(azurite);
        await storage.Table.TryWriteAsync([PullRequestHeadRow.Write(storage.Change('a', 0), null)], Cancellation);

        Assert.Equal(BuildState.Queued, (await storage.AdmitAsync(storage.Change('b', 1))).State);
    }

    [Fact]
    public async Task Within_a_second_the_push_that_names_what_it_replaced_is_the_newer()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var first = storage.Change('a', 0);
        var second = storage.Change('b', 0, before: 'a');

        await storage.AdmitAsync(second);
        var late = await storage.AdmitAsync(first);

        Assert.Equal((BuildState.Superseded, second.Request.BuildId), (late.State, late.SupersededBy));
    }

    [Fact]
    public async Task A_push_right_after_the_opening_is_the_newer()
    {
        var storage = await TestStorage.StartAsync(azurite);

        await storage.AdmitAsync(storage.Change('a', 0));
        var second = await storage.AdmitAsync(storage.Change('b', 0, before: 'a'));

        Assert.Equal(BuildState.Queued, second.State);
    }

    [Fact]
    public async Task Nothing_that_comes_after_a_merge_is_built_however_new_it_says_it_is()
    {
        var storage = await TestStorage.StartAsync(azurite);
        await storage.AdmitAsync(storage.Change('a', 0));
        var merge = await storage.AdmitAsync(storage.Change('a', 1, BuildPurpose.Merge));

        var late = await storage.AdmitAsync(storage.Change('b', 9));

        Assert.Equal((BuildState.Superseded, merge.Id), (late.State, late.SupersededBy));
        Assert.Equal(BuildState.Queued, (await storage.Records.FindAsync(merge.Id, Cancellation))!.State);
    }

    [Fact]
    public async Task A_late_opening_of_what_was_closed_is_not_built()
    {
        var storage = await TestStorage.StartAsync(azurite);

        var closed = await storage.BuildAdmission.AdmitAsync(storage.Change('a', 5, BuildPurpose.Close), Cancellation);
        var opened = await storage.AdmitAsync(storage.Change('a', 0));

        Assert.IsType<AdmissionResult.Closed>(closed);
        Assert.Equal(BuildState.Superseded, opened.State);
    }

    [Fact]
    public async Task What_is_being_built_when_it_ends_is_kept_by_its_worker_until_that_lets_go()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var first = storage.Change('a', 0);
        await storage.AdmitAsync(first);
        await using var lease = await storage.TakeAsync(first);

        await storage.AdmitAsync(storage.Change('b', 1));
        var ended = await storage.FindAsync(first);
        var recorded = await lease.EndAsync(r => r with { State = BuildState.Succeeded }, Cancellation);

        Assert.Equal((BuildState.Superseded, lease.Owner), (ended.State, ended.Owner));
        Assert.Equal((BuildState.Superseded, null), ((await storage.FindAsync(first)).State, (await storage.FindAsync(first)).Owner));
        Assert.False(recorded);
    }
}
