using System.Diagnostics;
using Ci.Local;
using Ci.StandIn;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace Ci.Bench;

/// <summary>A host, a stand-in for GitHub and a repository, on the engine, registry and storage that the environment names.</summary>
internal sealed class Workbench : IAsyncDisposable
{
    public const string Secret = "a secret for the benchmark";
    public const string Repository = "bench/repository";

    private readonly WebApplication _app;

    private Workbench(WebApplication app, GitRepository git, GitHubStandIn gitHub)
    {
        _app = app;
        Git = git;
        GitHub = gitHub;
    }

    public GitRepository Git { get; }

    public GitHubStandIn GitHub { get; }

    public HttpClient Http { get; } = new();

    public Uri Url => new(_app.Urls.First());

    public static string Registry => Setting("Registry__Address");

    public static async Task<Workbench> StartAsync()
    {
        var git = await GitRepository.CreateAsync();
        var gitHub = await GitHubStandIn.StartAsync(new GitHubStandInOptions { WebhookSecret = Secret });
        gitHub.Add(Repository, git);
        var (app, _, _) = LocalHost.Build(new LocalHostOptions
        {
            Port = 0,
            ScriptRoot = AppContext.BaseDirectory,
            Settings = new Dictionary<string, string?>
            {
                ["AzureWebJobsStorage"] = Setting("AzureWebJobsStorage"),
                ["GitHub:ApiUrl"] = gitHub.BaseUrl.ToString(),
                ["GitHub:WebhookSecret"] = Secret,
                ["Api:RequestsPerMinute"] = "1000000",
                ["Docker:Host"] = Setting("Docker__Host"),
                ["Registry:Address"] = Registry,
            },
        });
        app.Logger.LogDebug("The benchmark's host is put together.");
        await app.StartAsync();
        gitHub.WebhookUrl = new Uri(new Uri(app.Urls.First()), "/api/webhook");
        return new Workbench(app, git, gitHub);
    }

    public static async Task DockerAsync(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("docker", ["-H", Setting("Docker__Host"), .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The same builder on both sides.
        start.Environment["DOCKER_BUILDKIT"] = "0";
        using var docker = Process.Start(start)!;
        var error = docker.StandardError.ReadToEndAsync();
        await docker.StandardOutput.ReadToEndAsync();
        await docker.WaitForExitAsync();
        if (docker.ExitCode != 0)
        {
            throw new InvalidOperationException($"docker {string.Join(' ', arguments)}: {await error}");
        }
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await GitHub.DisposeAsync();
        Git.Dispose();
        Http.Dispose();
    }

    internal static string Setting(string name) =>
        Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set: run ./run.sh bench, which sets it.");
}
