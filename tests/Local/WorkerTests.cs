using System.Net;
using Ci.Local;
using Ci.Local.Worker;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Local;

/// <summary>What the host does with a worker that dies, or does not start.</summary>
public sealed class WorkerTests(Azurite azurite)
{
    private static readonly WorkerTimes Quick = new() { RestartPause = TimeSpan.FromMilliseconds(50) };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_worker_was_answering_when_it_died_is_500_and_the_next_one_answers()
    {
        await using var host = await TestHost.StartAsync(["Crash", "EchoGet", "Wait"]);
        var worker = host.WorkerProcessId;
        var waiting = host.Http.GetAsync("api/wait/never", Cancellation);
        await host.Samples.UntilAsync("start");

        using var crashed = await host.Http.GetAsync("api/crash", Cancellation);
        using var waited = await waiting;
        // Waits for the worker that is being started.
        using var after = await host.Http.GetAsync("api/echo", Cancellation);

        Assert.Equal(
            (HttpStatusCode.InternalServerError, HttpStatusCode.InternalServerError, HttpStatusCode.OK),
            (crashed.StatusCode, waited.StatusCode, after.StatusCode));
        Assert.NotEqual(worker, host.WorkerProcessId);
        Assert.Contains(host.Log, line => line.Contains("another one is started", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_message_that_a_worker_had_when_it_died_is_tried_again_and_counted()
    {
        await using var scenario = await QueueScenario.StartAsync(azurite);
        await scenario.SendAsync("crash-once");

        await scenario.HostAsync();

        await scenario.EmptyAsync();
        Assert.Equal(["crash-once", "crash-once"], scenario.Samples.Seen());
        Assert.Equal(2, scenario.Samples.Events.Where(e => e.What == "start").Select(e => e.Process).Distinct().Count());
    }

    [Fact]
    public async Task A_message_that_ends_every_worker_is_poisoned()
    {
        await using var scenario = await QueueScenario.StartAsync(azurite);
        await scenario.SendAsync("crash");

        await scenario.HostAsync(QueueScenario.HostJson("\"maxDequeueCount\": 2"));

        await scenario.PoisonedAsync();
        Assert.Equal(2, scenario.Samples.Seen().Count);
    }

    [Fact]
    public async Task A_worker_that_says_why_it_does_not_start_is_quoted_and_not_tried_again()
    {
        using var samples = new SampleFolder();
        samples.Open("refuse-to-start");

        Assert.Equal("Setting Sample is 'x'; it must be a number.", await TestHost.RefusalAsync(["Echo"], samples: samples));
        Assert.Single(samples.Events, e => e.What == "process");
    }

    [Fact]
    public async Task A_worker_that_crashes_at_its_start_is_tried_three_times()
    {
        using var samples = new SampleFolder();
        samples.Open("crash-at-start");

        Assert.Contains(
            "It crashes at its start.", await TestHost.RefusalAsync(["Echo"], samples: samples, workerTimes: Quick),
            StringComparison.Ordinal);
        Assert.Equal(3, samples.Events.Count(e => e.What == "process"));
    }

    [Fact]
    public async Task A_worker_that_hangs_at_its_start_is_given_up()
    {
        using var samples = new SampleFolder();
        samples.Open("hang-at-start");

        var refusal = await TestHost.RefusalAsync(["Echo"], samples: samples, workerTimes: Quick with { Start = TimeSpan.FromSeconds(2) });

        Assert.Equal("The worker did not start: The worker was not ready within 2 s.", refusal);
        Assert.DoesNotContain(samples.Events, e => RunningProcess.IsThere(e.Process));
    }

    [Fact]
    public async Task A_host_whose_worker_does_not_come_back_ends_and_says_why()
    {
        using var samples = new SampleFolder();
        await using var host = await TestHost.StartAsync(["Crash"], samples: samples, workerTimes: Quick);
        samples.Open("refuse-to-start");

        var shutdown = host.WaitForShutdownAsync();
        using var crashed = await host.Http.GetAsync("api/crash", Cancellation);

        Assert.Equal("Setting Sample is 'x'; it must be a number.", (await Assert.ThrowsAsync<HostException>(() => shutdown)).Message);
    }

    [Fact]
    public async Task The_end_of_the_host_is_its_workers_end()
    {
        await using var host = await TestHost.StartAsync(["Echo"]);
        var worker = host.WorkerProcessId;

        await host.StopAsync();

        Assert.False(RunningProcess.IsThere(worker));
    }

    [Fact]
    public async Task Nobody_but_the_worker_that_was_started_may_speak_as_one()
    {
        await using var server = await WorkerServer.StartAsync(
            Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance, Cancellation);
        using var http = new HttpClient();
        // A StartStream of another id, as gRPC frames it: field 20, in it field 2.
        using var request = new HttpRequestMessage(
            HttpMethod.Post, new Uri(server.Address, "AzureFunctionsRpcMessages.FunctionRpc/EventStream"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([0, 0, 0, 0, 8, 0xA2, 0x01, 5, 0x12, 3, (byte)'a', (byte)'b', (byte)'c']),
        };
        request.Content.Headers.ContentType = new("application/grpc");
        request.Headers.TE.ParseAdd("trailers");

        using var response = await http.SendAsync(request, Cancellation);
        await response.Content.ReadAsByteArrayAsync(Cancellation);

        // PERMISSION_DENIED (gRPC status codes).
        Assert.Equal(
            "7",
            (response.TrailingHeaders.TryGetValues("grpc-status", out var trailer) ? trailer : response.Headers.GetValues("grpc-status"))
                .Single());
    }

    [Theory]
    [InlineData("TERM", false)]
    [InlineData("INT", true)]
    public async Task A_host_that_is_told_to_end_leaves_no_worker_behind(string signal, bool alsoWorker)
    {
        await azurite.StartAsync();
        await using var host = await RunningHost.StartAsync(new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = azurite.NewAccount(),
            ["GitHub__WebhookSecret"] = "a secret that is long enough to be one",
        });
        var worker = host.WorkerProcessId;

        if (alsoWorker)
        {
            // A terminal's Ctrl-C reaches both.
            await RunningProcess.SignalAsync(worker, signal);
        }

        await RunningProcess.SignalAsync(host.ProcessId, signal);

        Assert.Equal(0, await host.WaitForExitAsync());
        await TestEnvironment.UntilAsync(() => Task.FromResult(!RunningProcess.IsThere(worker)), "the worker to end");
    }
}
