using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ci.StandIn;
using Spectre.Console;

namespace Ci.Demo;

/// <summary>What happens to a pull request, on the sample repository with everything real but GitHub.</summary>
internal sealed partial class DemoScenario : IAsyncDisposable
{
    private const string Repository = "sample/hello";
    private const string Branch = "greeting";

    private readonly HttpClient _http = new();
    private readonly GitRepository _git;
    private readonly GitHubStandIn _gitHub;
    private readonly DemoHost _host;
    private readonly Docker _docker;
    private readonly string _sample;
    private readonly (string Name, bool IsOwn) _base;
    private readonly List<string> _pulled = [];
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    private DemoScenario(
        GitRepository git, GitHubStandIn gitHub, DemoHost host, Docker docker, string sample, (string Name, bool IsOwn) baseImage)
    {
        _git = git;
        _gitHub = gitHub;
        _host = host;
        _docker = docker;
        _sample = sample;
        _base = baseImage;
    }

    public static async Task<DemoScenario> StartAsync(string program, string app, string sample, CancellationToken cancellationToken)
    {
        var docker = new Docker(Environment.GetEnvironmentVariable("Docker__Host") ?? "unix:///var/run/docker.sock");
        var baseImage = await BaseImage.PrepareAsync(docker, cancellationToken);
        var secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        var git = await GitRepository.CreateAsync(cancellationToken);
        var gitHub = await GitHubStandIn.StartAsync(new GitHubStandInOptions { WebhookSecret = secret });
        gitHub.Add(Repository, git);
        var host = await DemoHost.StartAsync(
            program,
            app,
            new Dictionary<string, string>
            {
                ["GitHub__ApiUrl"] = gitHub.BaseUrl.ToString(),
                ["GitHub__WebhookSecret"] = secret,
                ["GitHub__Token"] = "",
                ["Api__Key"] = secret,
            },
            cancellationToken);
        gitHub.WebhookUrl = new Uri(host.Url, "/api/webhook");
        var scenario = new DemoScenario(git, gitHub, host, docker, sample, baseImage);
        scenario._http.DefaultRequestHeaders.Add("x-functions-key", secret);
        return scenario;
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (Console.IsOutputRedirected)
        {
            // A file or a pipe has no width to wrap at.
            AnsiConsole.Profile.Width = 1000;
        }

        Chapter("1  A pull request is opened");
        var commit = await _git.CommitAsync(Branch, SampleFiles(), "Say hello", cancellationToken);
        var (pull, answer) = await _gitHub.OpenPullRequestAsync(Repository, Branch, commit, "Say hello");
        var opened = await FollowAsync(answer, "succeeded", cancellationToken);
        ShowImage(opened);
        var reference = Image(opened)["reference"]!.GetValue<string>();
        var said = await PullAndRunAsync(reference, cancellationToken);
        Fact("it says", said);
        Expect(said.Contains("Hello from a pull request", StringComparison.Ordinal), "The pulled image did not say hello.");

        Chapter("2  A push breaks the Dockerfile");
        var broken = (await File.ReadAllTextAsync(Path.Combine(_sample, "Dockerfile"), cancellationToken)).Replace(
            "RUN chmod", "RUN chmodd", StringComparison.Ordinal);
        commit = await _git.CommitAsync(Branch, new Dictionary<string, string> { ["Dockerfile"] = broken }, "Break it", cancellationToken);
        (pull, answer) = await _gitHub.PushAsync(pull, commit);
        ShowFailure(await FollowAsync(answer, "failed", cancellationToken));

        Chapter("3  The next push mends it");
        commit = await _git.CommitAsync(Branch, SampleFiles(), "Mend it", cancellationToken);
        (pull, answer) = await _gitHub.PushAsync(pull, commit);
        ShowImage(await FollowAsync(answer, "succeeded", cancellationToken));

        Chapter("4  The pull request is merged");
        (_, answer) = await _gitHub.MergeAsync(pull, await _git.MergeAsync(Branch, cancellationToken));
        var merged = await FollowAsync(answer, "succeeded", cancellationToken);
        ShowImage(merged);
        Expect(Image(merged)["tags"]!.AsArray().Any(tag => tag!.GetValue<string>() == "0.1.0"), "The merge did not publish version 0.1.0.");
        Fact("it says", await PullAndRunAsync(Image(merged)["reference"]!.GetValue<string>(), cancellationToken));

        AnsiConsole.WriteLine();
        AnsiConsole.MarkupLine(
            string.Create(
                CultureInfo.InvariantCulture, $"[green]Done in {_watch.Elapsed.TotalSeconds:F0} s.[/] All that it made is being removed."));
        AnsiConsole.MarkupLine("Your turn: ./run.sh starts it for real; the README tells how to connect a repository.");
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _gitHub.DisposeAsync();
        _git.Dispose();
        _http.Dispose();
        foreach (var name in _pulled.Distinct())
        {
            await _docker.TryAsync(CancellationToken.None, "rmi", name);
        }

        if (_base.IsOwn)
        {
            await _docker.TryAsync(CancellationToken.None, "rmi", _base.Name);
        }
    }

    private Dictionary<string, string> SampleFiles()
    {
        var files = Directory.EnumerateFiles(_sample).ToDictionary(path => Path.GetFileName(path), File.ReadAllText);
        if (_base.IsOwn)
        {
            files["dockerInfo.json"] = $$"""{ "service_name": "hello", "version": "0.1.0", "args": { "BASE": "{{_base.Name}}" } }""" + "\n";
        }

        return files;
    }

    /// <summary>Shows a build while it runs: its log, line by line, as it grows.</summary>
    private async Task<JsonNode> FollowAsync(DeliveryAnswer answer, string expected, CancellationToken cancellationToken)
    {
        Expect(answer.Status == 202, $"The webhook answered {answer.Status}: {answer.Body}");
        var id = JsonNode.Parse(answer.Body)!["id"]!.GetValue<string>();
        Fact("webhook", $"202, build {id}");
        var offset = 0L;
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < TimeSpan.FromMinutes(3);)
        {
            var build = JsonNode.Parse(await _http.GetStringAsync(new Uri(_host.Url, $"api/builds/{id}"), cancellationToken))!;
            var log = await _http.GetByteArrayAsync(
                new Uri(_host.Url, string.Create(CultureInfo.InvariantCulture, $"api/builds/{id}/log?offset={offset}")), cancellationToken);
            offset += log.Length;
            ShowLog(System.Text.Encoding.UTF8.GetString(log));
            var state = build["state"]!.GetValue<string>();
            if (state is not ("queued" or "running"))
            {
                Expect(state == expected, $"The build ended as {state}, not {expected}: {build["summary"]}");
                return build;
            }

            await Task.Delay(100, cancellationToken);
        }

        throw new DemoException($"Build {id} did not end within 3 minutes: {_host.Url}api/builds/{id}");
    }

    private async Task<string> PullAndRunAsync(string reference, CancellationToken cancellationToken)
    {
        _pulled.Add(reference);
        await _docker.RunAsync(cancellationToken, "pull", "--quiet", reference);
        return await _docker.RunAsync(cancellationToken, "run", "--rm", reference);
    }

    private static void ShowLog(string text)
    {
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            // The builder's talk of its own containers and of our labels is left to the log.
            if (!Noise().IsMatch(line))
            {
                AnsiConsole.MarkupLine($"  [grey]│ {Markup.Escape(Ansi().Replace(line, ""))}[/]");
            }
        }
    }

    private static void ShowImage(JsonNode build)
    {
        var image = Image(build);
        Fact("state", "[green]succeeded[/]", isMarkup: true);
        Fact("tags", string.Join(", ", image["tags"]!.AsArray().Select(tag => tag!.GetValue<string>())));
        Fact("digest", image["digest"]!.GetValue<string>());
        Fact("pull it", $"docker pull {image["reference"]}");
    }

    private static void ShowFailure(JsonNode build)
    {
        Fact("state", "[red]failed[/]", isMarkup: true);
        Fact("because", build["summary"]!.GetValue<string>());
        foreach (var line in build["logTail"]!.AsArray().TakeLast(3))
        {
            Fact("", line!.GetValue<string>());
        }
    }

    private static JsonNode Image(JsonNode build) => build["images"]![0]!;

    private static void Chapter(string title)
    {
        AnsiConsole.WriteLine();
        AnsiConsole.MarkupLine($"[bold]{title}[/]");
    }

    private static void Fact(string name, string value, bool isMarkup = false) =>
        AnsiConsole.MarkupLine($"  [blue]{name,-9}[/] {(isMarkup ? value : Markup.Escape(value))}");

    [GeneratedRegex(@"s  (?: ---> |\e\[0m|Removing intermediate|Step \d+/\d+ : LABEL |Successfully built|.*: digest: )")]
    private static partial Regex Noise();

    [GeneratedRegex(@"\e\[[0-9;?]*[A-Za-z]")]
    private static partial Regex Ansi();

    private static void Expect(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new DemoException(otherwise);
        }
    }
}
