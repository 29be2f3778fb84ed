using System.Diagnostics;
using System.Formats.Tar;
using Ci.Tests.Fixtures;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Ci.Tests.Source;

/// <summary>Takes what the real docker command line sends as a build context, and builds nothing.</summary>
internal sealed class ListeningEngine : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ci-ctx-").FullName;
    private readonly WebApplication _app;
    private string[]? _sent;

    private ListeningEngine(WebApplication app) => _app = app;

    public static async Task<ListeningEngine> StartAsync(IEnumerable<string> tree)
    {
        if (TestEnvironment.Find("docker") is null)
        {
            TestEnvironment.SkipOrFail("The docker command line is not installed, and it is what .dockerignore is compared with.");
        }

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        var app = builder.Build();
        var engine = new ListeningEngine(app);
        app.Run(engine.AnswerAsync);
        foreach (var path in tree)
        {
            var full = Path.Combine(engine._folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            await File.WriteAllTextAsync(full, "FROM scratch\n");
        }

        await app.StartAsync();
        return engine;
    }

    /// <summary>The files that docker sends with this ignore file, sorted, or null if it refuses it.</summary>
    public async Task<string[]?> SentAsync(string ignoreFile)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, ".dockerignore"), ignoreFile);
        _sent = null;
        var start = new ProcessStartInfo(TestEnvironment.Find("docker")!, ["-H", _app.Urls.First().Replace("http", "tcp", StringComparison.Ordinal), "build", "--quiet", _folder])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOCKER_BUILDKIT"] = "0";
        using var docker = Process.Start(start)!;
        var error = docker.StandardError.ReadToEndAsync();
        await docker.StandardOutput.ReadToEndAsync();
        await error;
        await docker.WaitForExitAsync();
        return _sent;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        context.Response.Headers["Api-Version"] = "1.41";
        context.Response.Headers["Builder-Version"] = "1";
        if (!context.Request.Path.Value!.EndsWith("/build", StringComparison.Ordinal))
        {
            await context.Response.WriteAsync(context.Request.Path.Value.EndsWith("_ping", StringComparison.Ordinal) ? "OK" : "{}");
            return;
        }

        var files = new List<string>();
        await using var tar = new TarReader(context.Request.Body);
        while (await tar.GetNextEntryAsync() is { } entry)
        {
            if (entry.EntryType != TarEntryType.Directory)
            {
                files.Add(entry.Name);
            }
        }

        _sent = [.. files.Order(StringComparer.Ordinal)];
        await context.Response.WriteAsync("""{"aux":{"ID":"sha256:0000000000000000000000000000000000000000000000000000000000000000"}}""" + "\n");
    }
}
