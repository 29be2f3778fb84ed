using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Ci.Local;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Local;

/// <summary>The program itself: what it prints, how it ends.</summary>
public sealed class ProgramTests(Azurite azurite) : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ci-program-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task It_prints_its_functions_as_func_start_does_and_ends_with_0()
    {
        await azurite.StartAsync();
        await using var host = await RunningHost.StartAsync(Settings());

        await TestEnvironment.UntilAsync(() => Task.FromResult(host.Output.Contains("Webhook:", StringComparison.Ordinal)), "the banner");
        var address = host.Url.ToString().TrimEnd('/');
        Assert.Contains(
            $"\nFunctions:\n\n\tBuild: queueTrigger\n\n\tCancelBuild: [POST] {address}/api/builds/{{id}}/cancel\n", "\n" + host.Output,
            StringComparison.Ordinal);
        Assert.Contains($"\n\n\tWebhook: [POST] {address}/api/webhook\n", host.Output, StringComparison.Ordinal);
        Assert.Equal(0, await host.StopAsync());
    }

    [Fact]
    public async Task It_watches_no_folders()
    {
        if (!OperatingSystem.IsLinux())
        {
            TestEnvironment.SkipOrFail("Only Linux shows what a process watches.");
        }

        await azurite.StartAsync();
        await using var host = await RunningHost.StartAsync(Settings());

        Assert.DoesNotContain(
            Directory.GetFiles($"/proc/{host.ProcessId}/fdinfo").Where(File.Exists).SelectMany(File.ReadAllLines), line =>
                line.StartsWith("inotify", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_environment_wins_over_local_settings_json()
    {
        await azurite.StartAsync();
        await WriteAsync("host.json", """{ "version": "2.0" }""");
        await WriteAsync("local.settings.json",
            """
            { "Values": { "GitHub__WebhookSecret": "from the file, long enough to be one",
             "GitHub__ApiUrl": "no url", "Registry__Address": "localhost:5" } }
            """);

        var output = await RunToEndAsync(Settings("GitHub__WebhookSecret"));

        Assert.Contains("GitHub__ApiUrl", output, StringComparison.Ordinal);

        var port = TestEnvironment.FreePort();
        await using var host = Start(port, Settings("GitHub__WebhookSecret", ("GitHub__ApiUrl", "http://127.0.0.1:9")));
        await TestEnvironment.UntilAsync(
            () => TestEnvironment.AnswersAsync($"http://localhost:{port}/"), "the host", onTimeout: () => host.Output);
        Assert.Equal(0, await host.StopAsync());
    }

    [Fact]
    public async Task A_wrong_host_json_is_one_sentence_and_1()
    {
        await WriteAsync("host.json", """{ "version": "2.0", "extensions": { "queues": { "batchSize": 64 } } }""");

        Assert.Equal("host.json: extensions.queues.batchSize is 64; it must be a number from 1 to 32.", await RunToEndAsync([]));
    }

    [Fact]
    public async Task A_folder_without_host_json_is_one_sentence_and_1() =>
        Assert.Equal(
            $"There is no host.json in {_folder.FullName}: start in the folder that has it, or name it with --script-root.",
            await RunToEndAsync([]));

    [Fact]
    public async Task A_missing_setting_is_a_sentence_and_1()
    {
        await azurite.StartAsync();
        await WriteAsync("host.json", """{ "version": "2.0" }""");

        var output = await RunToEndAsync(Settings("GitHub__WebhookSecret"));

        Assert.Contains("GitHub__WebhookSecret", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_a_sentence_and_1()
    {
        await azurite.StartAsync();
        await WriteAsync("host.json", """{ "version": "2.0" }""");
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        Assert.Equal($"Port {port} is taken: stop what uses it, or choose another with --port.", await RunToEndAsync(Settings(), port));
    }

    [Fact]
    public async Task A_worker_ends_when_its_host_was_killed()
    {
        await azurite.StartAsync();
        await using var host = await RunningHost.StartAsync(Settings());
        var worker = host.WorkerProcessId;

        await host.KillHostAloneAsync();

        await TestEnvironment.UntilAsync(() => Task.FromResult(!RunningProcess.IsThere(worker)), "the worker to end");
    }

    [Fact]
    public async Task It_listens_on_another_address_when_told_and_on_localhost_alone_otherwise()
    {
        await azurite.StartAsync();
        await WriteAsync("host.json", """{ "version": "2.0" }""");
        var (told, untold) = (TestEnvironment.FreePort(), TestEnvironment.FreePort());

        await using var other = Start(told, Settings(), "--address", "127.0.0.2");
        await using var usual = Start(untold, Settings());
        await TestEnvironment.UntilAsync(
            () => TestEnvironment.AnswersAsync($"http://127.0.0.2:{told}/"), "the other address", onTimeout: () => other.Output);
        await TestEnvironment.UntilAsync(
            () => TestEnvironment.AnswersAsync($"http://127.0.0.1:{untold}/"), "localhost", onTimeout: () => usual.Output);

        Assert.False(await TestEnvironment.AnswersAsync($"http://127.0.0.1:{told}/"));
        Assert.False(await TestEnvironment.AnswersAsync($"http://127.0.0.2:{untold}/"));
    }

    [Fact]
    public void An_address_that_is_none_is_a_sentence()
    {
        var refusal = Assert.Throws<HostException>(() => CommandLine.Parse(["--address", "here"]));

        Assert.Equal("--address is 'here'; it must be an IP address of this machine, or 0.0.0.0 for all of them.", refusal.Message);
    }

    [Fact]
    public void A_time_that_is_none_is_a_sentence()
    {
        var refusal = Assert.Throws<HostException>(() => CommandLine.Parse(["--hidden", "long"]));

        Assert.Equal("--hidden is 'long'; it must be a time like 00:10:00, from 00:00:02 to 7.00:00:00.", refusal.Message);
    }

    private Dictionary<string, string?> Settings(string? without = null, params (string Name, string Value)[] more)
    {
        var settings = new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = azurite.NewAccount(),
            ["GitHub__WebhookSecret"] = "a secret that is long enough to be one",
        };
        if (without is not null)
        {
            settings.Remove(without);
        }

        foreach (var (name, value) in more)
        {
            settings[name] = value;
        }

        return settings;
    }

    private Task WriteAsync(string file, string text) => File.WriteAllTextAsync(Path.Combine(_folder.FullName, file), text);

    private async Task<string> RunToEndAsync(Dictionary<string, string?> settings, int? port = null)
    {
        await using var program = Start(port ?? TestEnvironment.FreePort(), settings);
        Assert.Equal(1, await program.WaitForExitAsync());
        return program.Output.Trim();
    }

    private RunningProcess Start(int port, Dictionary<string, string?> settings, params string[] more) => RunningProcess.Start(
        TestEnvironment.Find("dotnet")!,
        [Path.Combine(AppContext.BaseDirectory, "Ci.Local.dll"), "--port", port.ToString(CultureInfo.InvariantCulture),
         "--app", BuiltApp.Folder, "--script-root", _folder.FullName, .. more],
        settings);
}
