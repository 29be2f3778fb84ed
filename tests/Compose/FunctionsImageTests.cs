using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ci.Tests.Fixtures;
using Ci.Tests.Tunnel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Ci.Tests.Compose;

public sealed partial class FunctionsImageTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    private const string Host = "Microsoft.Azure.WebJobs.Script.WebHost";
    private const string StartScript = "/opt/startup/start_nonappservice.sh";

    [Fact]
    public void All_that_is_copied_is_in_the_repository_and_in_the_context()
    {
        var copied = Copy().Matches(Shell.ReadFile("functions/Dockerfile"))
            .SelectMany(copy => copy.Groups["paths"].Value.Split(' ')[..^1]).ToList();
        var context = Shell.ReadFile(".dockerignore").Split('\n').Where(line => line.StartsWith('!')).Select(line => line[1..]).ToList();

        Assert.NotEmpty(copied);
        Assert.All(copied, path => Assert.True(Path.Exists(Path.Combine(Shell.Root, path)), $"{path} does not exist."));
        Assert.All(copied, path => Assert.Contains(path.Split('/')[0], context));
    }

    [Theory]
    [InlineData(200, 0)]
    [InlineData(404, 1)]
    [InlineData(500, 1)]
    public async Task The_health_check_passes_when_the_builds_can_be_listed(int status, int code)
    {
        await using var app = Loopback.App();
        app.MapGet("/api/health", () => Results.Text(new string('x', 1_000_000), statusCode: status));
        await app.StartAsync(TestContext.Current.CancellationToken);

        var (actual, output) = await HealthCheckAsync(new Uri(app.Urls.First()).Port);

        Assert.True(code == actual, output);
    }

    [Fact]
    public async Task The_health_check_fails_when_nobody_listens()
    {
        var (code, output) = await HealthCheckAsync(1);

        Assert.NotEqual(0, code);
        Assert.Contains("refused", output, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The base image's start script runs the host's program; older ones have dotnet run the host's library.</summary>
    [Theory]
    [InlineData("exec -a '{0}/" + Host + "' bash '{0}/host.sh'")]
    [InlineData("cp '{0}/host.sh' '{0}/" + Host + ".dll'; bash '{0}/" + Host + ".dll'")]
    public async Task Stopping_the_container_tells_the_host_alone_and_waits_for_its_worker(string start)
    {
        if (!OperatingSystem.IsLinux())
        {
            TestEnvironment.SkipOrFail("The container's processes are looked for in /proc, which only Linux has.");
        }

        using var container = await ContainerAsync(
            start,
            host: "bash {0}/worker.sh & trap 'echo host told; sleep 0.5; echo host ends; exit 3' TERM; while :; do sleep 0.05; done",
            worker: "trap 'echo worker told; sleep 0.5; echo worker ends; exit 0' TERM; echo up; while :; do sleep 0.05; done");
        Assert.Equal("up", await container.ReadAsync());

        await container.StopAsync();

        Assert.Equal("host told", await container.ReadAsync());
        Assert.Equal("host ends", await container.ReadAsync());
        // It was the host's to end; one that has lost its host is told by the container.
        Assert.Equal("worker told", await container.ReadAsync());
        Assert.Equal("worker ends", await container.ReadAsync());
        Assert.Equal(3, await container.EndAsync());
    }

    [Fact]
    public async Task A_host_that_cannot_be_told_from_others_is_stopped_with_them()
    {
        using var container = await ContainerAsync(
            "bash '{0}/host.sh'", "trap 'echo told; sleep 0.5; echo ends; exit 0' TERM; echo up; while :; do sleep 0.05; done");
        Assert.Equal("up", await container.ReadAsync());

        await container.StopAsync();

        Assert.Equal("told", await container.ReadAsync());
        Assert.Equal("ends", await container.ReadAsync());
        Assert.Equal(143, await container.EndAsync());
    }

    [Fact]
    public async Task A_host_that_ends_by_itself_ends_the_container_with_its_code()
    {
        using var container = await ContainerAsync("bash '{0}/host.sh'", "exit 7");

        Assert.Equal(7, await container.EndAsync());
    }

    /// <summary>Runs the image's command with a start script of the base image's shape: a shell that runs the host.</summary>
    private static async Task<Container> ContainerAsync(string start, string host, string worker = "")
    {
        var dockerfile = Shell.ReadFile("functions/Dockerfile");
        var command = JsonSerializer.Deserialize<string[]>(Command().Match(dockerfile).Groups["json"].Value)!;
        var program = Path.GetFileName(command[^1]);
        Assert.Contains($"COPY functions/{program} {command[^1][..^program.Length]}\n", dockerfile, StringComparison.Ordinal);
        Assert.Contains(StartScript, Shell.ReadFile("functions/" + program), StringComparison.Ordinal);

        var folder = Directory.CreateTempSubdirectory();
        var script = Path.Combine(folder.FullName, "start.sh");
        foreach (var (name, text) in new[] { ("start.sh", $"#!/usr/bin/env bash\n({start})\n"),
            ("host.sh", host + "\n"), ("worker.sh", worker + "\n") })
        {
            await File.WriteAllTextAsync(
                Path.Combine(folder.FullName, name), text.Replace("{0}", folder.FullName, StringComparison.Ordinal), Cancellation);
        }

        await Shell.RunAsync(["chmod", "+x", script]);
        return new(folder, Shell.Start([.. command[..^1], Path.Combine("functions", program), script]));
    }

    private static Task<(int Code, string Output)> HealthCheckAsync(int port)
    {
        var check = JsonSerializer.Deserialize<string[]>(HealthCheck().Match(Shell.ReadFile("functions/Dockerfile")).Groups["json"].Value)!;
        Assert.Contains("/127.0.0.1/80 ", check[^1], StringComparison.Ordinal);
        return Shell.RunAsync([.. check[..^1], check[^1].Replace("/127.0.0.1/80 ", $"/127.0.0.1/{port} ", StringComparison.Ordinal)]);
    }

    [GeneratedRegex(@"^COPY (?!--from)(?<paths>.+)$", RegexOptions.Multiline)]
    private static partial Regex Copy();

    [GeneratedRegex(@"^HEALTHCHECK .*?CMD (?<json>\[.*\])$", RegexOptions.Multiline)]
    private static partial Regex HealthCheck();

    [GeneratedRegex(@"^CMD (?<json>\[.*\])$", RegexOptions.Multiline)]
    private static partial Regex Command();

    /// <summary>The command of the image, with all that it has started.</summary>
    private sealed class Container(DirectoryInfo folder, Process process) : IDisposable
    {
        public async Task<string?> ReadAsync() => await process.StandardOutput.ReadLineAsync(Cancellation);

        public async Task StopAsync() => await Shell.RunAsync(["kill", "-TERM", $"{process.Id}"]);

        public async Task<int> EndAsync()
        {
            await process.WaitForExitAsync(Cancellation);
            return process.ExitCode;
        }

        public void Dispose()
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }

            process.Dispose();
            folder.Delete(recursive: true);
        }
    }
}
