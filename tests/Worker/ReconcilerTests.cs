using System.Net;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Docker;
using Ci.Pipeline.Docker.Cleanup;
using Ci.Pipeline.Registry;
using Ci.Pipeline.Reporting;
using Ci.Pipeline.Source;
using Ci.Pipeline.Worker;
using Ci.Tests.Builds;
using Ci.Tests.Fixtures;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Engine = Ci.Pipeline.Docker.DockerEngine;

namespace Ci.Tests.Worker;

/// <summary>What is taken up when nobody is at it.</summary>
public sealed class ReconcilerTests(Azurite azurite)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(21);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_build_whose_message_was_never_stored_gets_one()
    {
        var storage = await TestStorage.StartAsync(azurite);
        await storage.AdmitAsync(storage.Change('a', 0));

        await LookAsync(storage);
        var tooEarly = await storage.Queue.IsEmptyAsync(Cancellation);
        storage.Time.Advance(Patience);
        await LookAsync(storage);
        await LookAsync(storage);

        Assert.True(tooEarly);
        Assert.Equal(1, await storage.MessagesAsync());
    }

    [Fact]
    public async Task A_build_that_waits_in_a_queue_with_others_gets_no_second_message()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var change = storage.Change('a', 0);
        await storage.AdmitAsync(change);
        await storage.Queue.SendAsync(change.Request, Cancellation);

        storage.Time.Advance(Patience);
        await LookAsync(storage);

        Assert.Equal(1, await storage.MessagesAsync());
    }

    [Fact]
    public async Task A_build_whose_worker_died_is_queued_again_once_however_many_hosts_look()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var change = storage.Change('a', 0);
        await storage.AdmitAsync(change);
        await using var lease = await storage.TakeAsync(change);

        await LookAsync(storage);
        var whileHeld = await storage.FindAsync(change);
        storage.Time.Advance(BuildLease.Length + TimeSpan.FromSeconds(1));
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => LookAsync(storage)));

        Assert.Equal(BuildState.Running, whileHeld.State);
        Assert.Equal((BuildState.Queued, 1), ((await storage.FindAsync(change)).State, await storage.MessagesAsync()));
    }

    [Fact]
    public async Task An_end_that_nobody_told_is_told_and_then_nothing_is_left_to_do()
    {
        var storage = await TestStorage.StartAsync(azurite);
        var first = storage.Change('a', 0);
        await storage.AdmitAsync(first);
        await storage.AdmitAsync(storage.Change('b', 1));

        await LookAsync(storage);

        Assert.Equal(BuildState.Superseded, (await storage.FindAsync(first)).Reported);
        Assert.DoesNotContain(await storage.Records.ActiveAsync(Cancellation), record => record.Id == first.Request.BuildId);
    }

    private static async Task LookAsync(TestStorage storage)
    {
        using var http = new HttpClient(new Silent());
        var statuses = storage.Statuses(http);
        var line = new QueuePositionReporter(storage.Records, storage.Lists, statuses, storage.Time);
        var docker = Options.Create(new DockerOptions { Host = "unix:///nowhere.sock" });
        using var client = new EngineClient(docker);
        var registry = Options.Create(new RegistryOptions());
        var lifetime = new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance);
        using var room = new EngineCleanup(new Engine(client), new EngineObjects(client), docker, registry, lifetime, storage.Time);
        using var recovery = new Reconciler(
            storage.Records, storage.Queue, storage.BuildNotifier(http), line, room, Options.Create(new SourceOptions()), storage.Time,
            NullLogger<Reconciler>.Instance);
        await recovery.LookAsync(Cancellation);
    }

    private sealed class Silent : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.Created));
    }
}
