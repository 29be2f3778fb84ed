using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Ci.Bench;

/// <summary>Webhook → image pushed, beside <c>docker build &amp;&amp; docker push</c> of the same context, turn by turn on the same engine.</summary>
internal static class BuildBench
{
    public static async Task RunAsync(Workbench bench, int repetitions)
    {
        Console.WriteLine("webhook -> pushed, beside typed docker build && docker push (medians)");
        foreach (var cached in new[] { true, false })
        {
            var ours = new List<double>();
            var typed = new List<double>();
            // The first turn warms both sides up and is not counted.
            for (var i = 0; i <= repetitions; i++)
            {
                var files = Files(cached ? "same" : Guid.NewGuid().ToString());
                var mine = await OursAsync(bench, files);
                var theirs = await TypedAsync(cached ? files : Files(Guid.NewGuid().ToString()));
                if (i > 0)
                {
                    ours.Add(mine);
                    typed.Add(theirs);
                }
            }

            var (our, their) = (Workbench.Median(ours), Workbench.Median(typed));
            Console.WriteLine($"  {(cached ? "cached" : "uncached"),-9} ours {our:F2} s   docker {their:F2} s   ratio {our / their:F2}");
        }
    }

    private static Dictionary<string, string> Files(string content) => new()
    {
        ["dockerInfo.json"] = """{ "service_name": "bench/ours", "version": "1" }""",
        ["Dockerfile"] = $"FROM {Environment.GetEnvironmentVariable("BENCH_BASE") ?? "ci-bench-base:1"}\nCOPY content.txt /content.txt\nRUN cat /content.txt > /copy.txt\nRUN echo done > /done.txt\n",
        ["content.txt"] = content,
    };

    private static async Task<double> OursAsync(Workbench bench, Dictionary<string, string> files)
    {
        var branch = "b" + Guid.NewGuid().ToString("n")[..8];
        var commit = await bench.Git.CommitAsync(branch, files, "Bench");
        var watch = Stopwatch.StartNew();
        var (_, answer) = await bench.GitHub.OpenPullRequestAsync(Workbench.Repository, branch, commit, "Bench");
        var id = JsonNode.Parse(answer.Body)!["id"]!.GetValue<string>();
        while (true)
        {
            var build = JsonNode.Parse(await bench.Http.GetStringAsync(new Uri(bench.Url, $"api/builds/{id}")))!;
            switch (build["state"]!.GetValue<string>())
            {
                case "succeeded":
                    return watch.Elapsed.TotalSeconds;
                case "queued" or "running":
                    await Task.Delay(10);
                    break;
                default:
                    throw new InvalidOperationException(build["summary"]!.GetValue<string>());
            }
        }
    }

    private static async Task<double> TypedAsync(Dictionary<string, string> files)
    {
        var folder = Directory.CreateTempSubdirectory("ci-bench-");
        try
        {
            foreach (var (name, content) in files)
            {
                await File.WriteAllTextAsync(Path.Combine(folder.FullName, name), content);
            }

            var image = $"{Workbench.Registry}/bench/typed:t";
            var watch = Stopwatch.StartNew();
            await Workbench.DockerAsync(folder.FullName, "build", "--label", "revision=" + Guid.NewGuid(), "-t", image, ".");
            await Workbench.DockerAsync(folder.FullName, "push", image);
            return watch.Elapsed.TotalSeconds;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
