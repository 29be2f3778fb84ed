using System.Globalization;
using System.Text.Json.Nodes;

namespace Ci.Bench;

/// <summary>Our host as a user runs it: a process of its own.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private readonly Child _child;
    private readonly HttpClient _http = new();

    private HostProcess(Child child, Uri url)
    {
        _child = child;
        Url = url;
    }

    public Uri Url { get; }

    public Uri Webhook => new(Url, "api/webhook");

    public static async Task<HostProcess> StartAsync(Uri gitHub, IReadOnlyDictionary<string, string>? settings = null)
    {
        var port = Child.FreePort();
        var environment = new Dictionary<string, string>
        {
            ["GitHub__ApiUrl"] = gitHub.ToString(),
            ["GitHub__WebhookSecret"] = Settings.Secret,
            ["GitHub__Token"] = Settings.Token,
            ["Api__Key"] = Settings.ApiKey,
            ["Api__RequestsPerMinute"] = "1000000",
        };
        foreach (var (name, value) in settings ?? new Dictionary<string, string>())
        {
            environment[name] = value;
        }

        var program = Path.Combine(AppContext.BaseDirectory, "Ci.Local.dll");
        // The app was built beside us: functions/bin/… as this is bench/bin/….
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        var root = own.Parent!.Parent!.Parent!.Parent!.FullName;
        var app = Path.Combine(root, "functions", Path.GetRelativePath(Path.Combine(root, "bench"), own.FullName));
        var host = new HostProcess(
            Child.Start(
                "dotnet",
                [program, "--port", port.ToString(CultureInfo.InvariantCulture), "--app", app, "--script-root", AppContext.BaseDirectory],
                environment),
            new Uri($"http://localhost:{port}/"));
        await host._child.AnswersAsync(host.Url);
        return host;
    }

    /// <summary>A build as the API shows it.</summary>
    public async Task<JsonNode> BuildAsync(string id) => JsonNode.Parse(await _http.GetStringAsync(new Uri(Url, $"api/builds/{id}")))!;

    /// <summary>Waits until a build has ended, as GitHub is told of it too; it is not looked so often that it costs the build
    /// time.</summary>
    public async Task EndAsync(string id)
    {
        while (true)
        {
            await Task.Delay(500);
            var build = await BuildAsync(id);
            switch (build["state"]!.GetValue<string>())
            {
                case "succeeded":
                    return;
                case "queued" or "running":
                    break;
                default:
                    throw new InvalidOperationException($"Build {id}: {build["summary"]!.GetValue<string>()}");
            }
        }
    }

    /// <summary>Stops a build.</summary>
    public async Task CancelAsync(string id)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Url, $"api/builds/{id}/cancel"));
        request.Headers.Add("x-functions-key", Settings.ApiKey);
        using var response = await _http.SendAsync(request);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>Megabytes of memory that the kernel counts for host and worker together now, and the sum of the most of each
    /// since <see cref="ForgetPeak"/>; Linux only.</summary>
    public (double Now, double Peak) Memory() => (Processes().Sum(id => Memory(id, "VmRSS:")), Processes().Sum(id => Memory(id, "VmHWM:")));

    /// <summary>Has the kernel begin anew to look for the peak (proc_pid_clear_refs(5)).</summary>
    public void ForgetPeak()
    {
        foreach (var id in Processes())
        {
            File.WriteAllText($"/proc/{id}/clear_refs", "5");
        }
    }

    private int[] Processes() =>
        [_child.Id, .. Directory.GetDirectories($"/proc/{_child.Id}/task")
            .SelectMany(thread => File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(id => int.Parse(id, CultureInfo.InvariantCulture))];

    private static double Memory(int process, string name) => double.Parse(
        File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith(name, StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2],
        CultureInfo.InvariantCulture) * 1024 / 1e6;

    /// <summary>Ends it as a crash does.</summary>
    public Task KillAsync() => _child.KillAsync();

    public async ValueTask DisposeAsync()
    {
        await _child.DisposeAsync();
        _http.Dispose();
    }
}
