using Ci.Pipeline.Builds;
using Ci.Pipeline.Intake;
using Ci.Tests.Builds;
using Ci.Tests.Fixtures;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Ci.Tests.Intake;

/// <summary>How many builds of a repository may wait (<c>Build__MaxQueued</c>).</summary>
public sealed class BuildSubmitterTests(Azurite azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_more_than_may_wait_is_refused_and_leaves_nothing()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var submitter = Submitter(storage, 3);

        Assert.Equal([202, 202, 202, 429, 429], await SubmitAsync(storage, submitter, 1, 2, 3, 4, 5));
        Assert.Equal(3, (await storage.Records.ActiveAsync(Cancellation)).Count);
        Assert.Equal(3, await storage.MessagesAsync());
    }

    [Fact]
    public async Task What_another_host_took_in_counts()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var (here, there) = (Submitter(storage, 3), Submitter(storage, 3));

        Assert.Equal([202, 202], await SubmitAsync(storage, there, 1, 2));
        Assert.Equal([202, 429], await SubmitAsync(storage, here, 3, 4));
    }

    [Fact]
    public async Task When_builds_have_begun_there_is_room_again()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var submitter = Submitter(storage, 2);
        Assert.Equal([202, 202, 429], await SubmitAsync(storage, submitter, 1, 2, 3));

        await storage.Records.UpdateAsync(
            storage.Change('a', 0, pull: 1).Request.BuildId, r => r with { State = BuildState.Running }, Cancellation);

        Assert.Equal([202], await SubmitAsync(storage, submitter, 3));
    }

    [Fact]
    public async Task A_push_to_a_pull_request_that_waits_already_is_taken()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var submitter = Submitter(storage, 2);
        Assert.Equal([202, 202], await SubmitAsync(storage, submitter, 1, 2));

        Assert.IsType<DeliveryResult.Accepted>(await submitter.TakeAsync(storage.Change('b', 1, pull: 2), Cancellation));
    }

    [Fact]
    public async Task Other_repositories_have_room_of_their_own()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var submitter = Submitter(storage, 1);
        Assert.Equal([202, 429], await SubmitAsync(storage, submitter, 1, 2));

        Assert.IsType<DeliveryResult.Accepted>(await submitter.TakeAsync(storage.Change('a', 0, repository: "owner/two"), Cancellation));
    }

    private static BuildSubmitter Submitter(TestStorage storage, int most) => new(
        storage.BuildAdmission,
        storage.Records,
        storage.Queue,
        Options.Create(new BuildOptions { MaxQueued = most }),
        NullLogger<BuildSubmitter>.Instance);

    private static async Task<IReadOnlyList<int>> SubmitAsync(TestStorage storage, BuildSubmitter submitter, params int[] pulls)
    {
        var statuses = new List<int>();
        foreach (var pull in pulls)
        {
            statuses.Add(await submitter.TakeAsync(storage.Change('a', 0, pull: pull), Cancellation) switch
            {
                DeliveryResult.Accepted => 202,
                DeliveryResult.Refused refused => refused.Status,
                var other => throw new InvalidOperationException($"{other}"),
            });
        }

        return statuses;
    }
}
