using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ci.Tests.Tunnel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Ci.Tests.Compose;

public sealed partial class FunctionsImageTests
{
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

    [Fact]
    public async Task Stopping_the_container_ends_the_host_gently_and_waits_for_it()
    {
        var directory = Directory.CreateTempSubdirectory();
        try
        {
            using var container = await StartAsync(directory.FullName, "trap 'echo asked; sleep 0.5; echo done; exit 0' TERM; echo up; while :; do sleep 0.05; done");
            Assert.Equal("up", await ReadAsync(container));

            await Shell.RunAsync(["kill", "-TERM", $"{container.Id}"]);

            Assert.Equal("asked", await ReadAsync(container));
            Assert.Equal("done", await ReadAsync(container));
            await container.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_host_that_ends_by_itself_ends_the_container_with_its_code()
    {
        var directory = Directory.CreateTempSubdirectory();
        try
        {
            using var container = await StartAsync(directory.FullName, "exit 7");

            await container.WaitForExitAsync(TestContext.Current.CancellationToken);

            Assert.Equal(7, container.ExitCode);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>Runs the image's command with a start script of the base image's shape: a shell that runs the host.</summary>
    private static async Task<Process> StartAsync(string directory, string host)
    {
        var script = Path.Combine(directory, "start.sh");
        await File.WriteAllTextAsync(Path.Combine(directory, "host.sh"), host, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(script, $"#!/usr/bin/env bash\nbash {directory}/host.sh\nexit $?\n", TestContext.Current.CancellationToken);
        await Shell.RunAsync(["chmod", "+x", script]);
        var command = Instruction(Command());
        Assert.Contains(StartScript, command[^1], StringComparison.Ordinal);
        return Shell.Start([.. command[..^1], command[^1].Replace(StartScript, script, StringComparison.Ordinal)]);
    }

    private static async Task<string?> ReadAsync(Process process) =>
        await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);

    private static Task<(int Code, string Output)> HealthCheckAsync(int port)
    {
        var check = Instruction(HealthCheck());
        Assert.Contains("/127.0.0.1/80 ", check[^1], StringComparison.Ordinal);
        return Shell.RunAsync([.. check[..^1], check[^1].Replace("/127.0.0.1/80 ", $"/127.0.0.1/{port} ", StringComparison.Ordinal)]);
    }

    /// <summary>An instruction in its JSON form, as docker reads it.</summary>
    private static string[] Instruction(Regex instruction) =>
        JsonSerializer.Deserialize<string[]>(instruction.Match(Shell.ReadFile("functions/Dockerfile")).Groups["json"].Value)!;

    [GeneratedRegex(@"^COPY (?!--from)(?<paths>.+)$", RegexOptions.Multiline)]
    private static partial Regex Copy();

    [GeneratedRegex(@"^HEALTHCHECK .*?CMD (?<json>\[.*\])$", RegexOptions.Multiline)]
    private static partial Regex HealthCheck();

    [GeneratedRegex(@"^CMD (?<json>\[.*\])$", RegexOptions.Multiline)]
    private static partial Regex Command();
}
